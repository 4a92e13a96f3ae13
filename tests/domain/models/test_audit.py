"""What an entry is made of: bytes that anybody can make again."""

from datetime import UTC, datetime, timedelta, timezone

from domain.models.audit import (
    FIRST_PREVIOUS,
    SERVER_CHAIN,
    AuditAction,
    AuditRecord,
    AuditSubject,
    SubjectKind,
    attested_text,
    chained,
    instant,
    shown,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BODY = (
    '{"action":"SIGN_IN","actor":null,"address":null,"after":{"a":[1,"ü"],"b":true},'
    '"at":"2026-11-20T12:00:00.000000Z","before":null,"code":null,"decision":null,'
    '"request":null,"result":"DONE","subject":{"id":null,"kind":"TOKEN","name":"x\\"y"},'
    '"token":null}'
)


def test_a_body_is_canonical_json() -> None:
    """Written here by hand, as docs/reference/audit.md has it."""
    record = AuditRecord(
        chain=SERVER_CHAIN,
        at=NOW,
        caller=None,
        action=AuditAction.SIGN_IN,
        subject=AuditSubject(kind=SubjectKind.TOKEN, name='x"y'),
        after={"b": True, "a": [1, "ü"]},
    )

    assert BODY == record.body


def test_a_hash_never_changes() -> None:
    """The format is a promise: this value was computed by sha256sum."""
    expected = "d5c5f64dec13dce8096fe1c84d7acc89130309480800de252b58b5b313c741ed"

    assert expected == chained(SERVER_CHAIN, 1, FIRST_PREVIOUS, BODY)


def test_what_is_signed_is_canonical_json() -> None:
    """Of the place, the hash and the time."""
    expected = '{"at":"2026-11-20T12:00:00.000000Z","chain":"server","hash":"ff","sequence":7}'

    assert expected == attested_text(SERVER_CHAIN, 7, "ff", NOW)


def test_a_time_has_one_form() -> None:
    """In UTC, with microseconds, whatever its zone."""
    there = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))

    assert "2026-11-20T12:00:00.000000Z" == instant(there)


def test_a_name_can_always_be_stored() -> None:
    """What has no shape is escaped, what is too long is cut."""
    names = ["ada", "ü x", "\ud800", "a\0b", "line\nbreak", "x" * 101]

    assert ["ada", "ü x", "'\\ud800'", "'a\\x00b'", "'line\\nbreak'", "x" * 100] == [
        *map(shown, names)
    ]
