"""What a plugin's routes, pages and webhooks are asked with and answer, for `api` to pass on."""

from plugins.sdk.contributions import PageContent, Request, Response, WebhookRequest

__all__ = ["PageContent", "Request", "Response", "WebhookRequest"]
