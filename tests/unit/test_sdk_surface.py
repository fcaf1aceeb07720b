"""The SDK's public surface changes together with its version, or this fails."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from core.shared.events import Event
from plugins.sdk import events
from plugins.sdk.version import SDK_VERSION
from tenants.wiring.all import wire
from tests.fixtures.examined import Examined
from tests.fixtures.sdk_surface import (
    Surface,
    missing_step,
    read_recorded,
    record,
    step_for,
    stepped,
    surface,
    types_in_surface,
)

LEFT_OUT = {
    *("Pruned", "TaskDropped", "TaskRetried", "TenantWasExported"),
    *("AutomationChanged", "AutomationReset", "StepEnded", "StepPlanned"),
    *("AutomationSettingsChanged", "OwnRuleChanged", "OwnRuleCreated", "OwnRuleDeleted"),
    "TeamNotified",
    *("TemplateReset", "TemplateSaved", "TemplateTested"),
    *("NotificationCreated", "NotificationsRead", "NotificationsSeen", "NotificationsPruned"),
    *("NotificationSettingsChanged", "NotificationDefaultsChanged"),
    *("BrowserAdded", "BrowserRemoved", "QuotaNeared", "ChatBroken"),
    *("SendingDomainChecked", "SendingDomainWorsened", "MailStopped", "MailResumed"),
    *("SendersOrdered", "SenderFailing", "SuppressionRemoved", "MemberMessageChanged"),
    *("SignInLinkRequested", "SignInLinkIssuedFor"),
    *("AnswerNear", "FeedbackDue", "PromiseDropped", "PromiseSet"),
    *("PluginChecked", "PluginConfigured", "PluginDisabled", "PluginEnabled", "PluginUninstalled"),
    *("PluginConnected", "PluginConnectionBroken", "PluginDisconnected"),
    *("CandidateViewed", "ResumeViewed", "FileDownloaded", "MailsChosen", "StatusReported"),
    *("SourceCreated", "SourceEdited", "SourceEnded", "SourceRotated", "StatusPreferencesChanged"),
}
"""Events that plugins can't handle: the platform's housekeeping, and what `operations` tells."""

HOW = "\nAfter stepping plugins/sdk/version.py: python -m tests.fixtures.sdk_surface"


def test_the_surface_is_the_recorded_one(examined: Examined) -> None:
    recorded, present = read_recorded(), surface()
    problems = missing_step(recorded, present, SDK_VERSION)
    assert not problems, "\n".join(problems) + HOW
    assert (recorded["version"], recorded["surface"]) == (SDK_VERSION, present), (
        "the step is right; record it." + HOW
    )
    examined("names and parts", len(present))


def test_each_event_is_offered_or_left_out_on_purpose(examined: Examined) -> None:
    wire()
    found = {each.__name__ for each in below(Event) if each.__module__.startswith("core.")}
    concrete = {each for each in found if not each.endswith("Event")}
    offered = set(events.__all__) - {"Cause", "Event"}
    assert offered | LEFT_OUT == concrete
    assert offered & LEFT_OUT == set()
    examined("events", len(concrete))


def below(kind: type[Any]) -> Iterator[type[Any]]:
    for each in kind.__subclasses__():
        yield each
        yield from below(each)


def test_every_type_that_the_surface_names_is_offered(examined: Examined) -> None:
    offered, missing = types_in_surface()
    assert missing == {}
    examined("types", len(offered))


PLANTED: Mapping[str, tuple[str, Mapping[str, str | None]]] = {
    "a new name": ("minor", {"plugins.sdk:Brand": "struct"}),
    "a new hook": ("minor", {"plugins.sdk:Hooks.brand": "function giving Brand"}),
    "a new event": ("minor", {"plugins.sdk.events:JobCloned": "view below Event"}),
    "a field of an event": ("minor", {"plugins.sdk.events:CandidateCreated.by": "UUID required"}),
    "a field with a default": ("minor", {"plugins.sdk:Manifest.logo": "str = ''"}),
    "a method of the context": (
        "minor",
        {"plugins.sdk:PluginContext.lock": "async function giving None"},
    ),
    "a parameter with a default": (
        "minor",
        {"plugins.sdk:Store.put(seconds)": "int by name = 60"},
    ),
    "a further literal": (
        "minor",
        {"plugins.sdk:KeptData.where": "'elsewhere' | 'here' | 'outside' = 'here'"},
    ),
    "a name that is gone": ("major", {"plugins.sdk:Health": None}),
    "a method that is gone": ("major", {"plugins.sdk:Records.find": None}),
    "a parameter that is gone": ("major", {"plugins.sdk:Records.find(limit)": None}),
    "a field of another type": ("major", {"plugins.sdk:Health.message": "bytes required"}),
    "a narrower text": ("major", {"plugins.sdk:Health.message": "str[max_length 100] required"}),
    "a literal that is gone": ("major", {"plugins.sdk:KeptData.where": "'here' = 'here'"}),
    "another default": ("major", {"plugins.sdk:EventHandler.ordered": "bool = True"}),
    "what was async": ("major", {"plugins.sdk:Store.get": "function giving Any"}),
    "a field that must be given": ("major", {"plugins.sdk:Manifest.logo": "str required"}),
    "a field of a command that must be given": (
        "major",
        {"plugins.sdk.commands:AddNote.tone": "str required"},
    ),
    "a parameter that must be given": (
        "major",
        {"plugins.sdk:Store.put(seconds)": "int by name required"},
    ),
    "a method that adapters lack": (
        "major",
        {"plugins.sdk.ports:Messaging.recall": "async function giving None"},
    ),
    "a parameter that adapters don't take": (
        "major",
        {"plugins.sdk.ports:Messaging.send(urgent)": "bool by name = False"},
    ),
    "a method that a test's vendor lacks": (
        "major",
        {"plugins.sdk.testing.messaging:MessagingVendor.be_slow": "function giving bool"},
    ),
}


def changed(before: Surface, change: Mapping[str, str | None]) -> Surface:
    after = {**before, **{key: what for key, what in change.items() if what is not None}}
    for key, what in change.items():
        if what is None:
            # With its parts, which no longer are there either.
            after = {each: after[each] for each in after if each != key and not _is_part(each, key)}
    assert after != before
    return after


def _is_part(each: str, key: str) -> bool:
    return each.startswith((f"{key}.", f"{key}("))


@pytest.mark.parametrize("name", PLANTED)
def test_each_kind_of_change_asks_for_its_step(name: str) -> None:
    step, change = PLANTED[name]
    before = surface()
    found, why = step_for(before, changed(before, change))
    assert found == step, why
    assert any(key in line for key in change for line in why)


@pytest.mark.parametrize(
    ("version", "step", "passes"),
    [
        ("1.0.0", "minor", False),
        ("1.0.1", "minor", False),
        ("1.1.0", "minor", True),
        ("2.0.0", "minor", True),
        ("1.0.0", "major", False),
        ("1.1.0", "major", False),
        ("2.0.0", "major", True),
        ("1.0.1", "none", True),
    ],
)
def test_a_change_without_its_step_is_found(version: str, step: str, *, passes: bool) -> None:
    planted = {
        "minor": PLANTED["a new name"][1],
        "major": PLANTED["a name that is gone"][1],
        "none": {},
    }[step]
    before = surface()
    after = changed(before, planted) if planted else before
    problems = missing_step({"version": "1.0.0", "surface": before}, after, version)
    assert (problems == []) is passes, problems


def test_a_version_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="comes before"):
        stepped("1.2.0", "1.1.9")


def test_what_would_hide_a_change_is_not_recorded(tmp_path: Path) -> None:
    path = tmp_path / "surface.json"
    before = {**surface(), "plugins.sdk:Gone": "struct"}
    path.write_text(json.dumps({"version": "1.0.0", "surface": before}))
    assert record(path, "1.9.0")[1:] == ["- plugins.sdk:Gone: struct"]
    assert json.loads(path.read_text())["surface"] == before
    assert record(path, "2.0.0") == []
    assert json.loads(path.read_text()) == {"version": "2.0.0", "surface": surface()}
