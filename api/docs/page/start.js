// Starts the reference. A signed-in browser may try changes out: they need this header (api/forgery.py).
window.SwaggerUIBundle({
  url: "/api/v1/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  docExpansion: "none",
  persistAuthorization: false,
  validatorUrl: null,
  requestInterceptor(request) {
    if (!["GET", "HEAD"].includes(request.method)) {
      request.headers["X-Intellimatch-Request"] = "1";
    }
    return request;
  },
});
