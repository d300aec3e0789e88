from __future__ import annotations

from models.repair_draft import Draft, edges, identity


def test_edits_of_the_same_length_keep_every_place() -> None:
    draft = Draft("abcd").edited([(1, 3, "XY")])
    assert (draft.text, list(draft.places())) == ("aXYd", [0, 1, 2, 3, 4])


def test_a_deletion_and_an_insertion_move_the_places_after_them() -> None:
    draft = Draft("abcd").edited([(0, 2, ""), (3, 3, " ")])
    assert (draft.text, list(draft.places())) == ("c d", [2, 3, 3, 4])


def test_an_expansion_spreads_over_its_source_and_edits_compose() -> None:
    draft = Draft("ab").edited([(0, 1, "xyz")]).edited([(0, 1, "")])
    assert (draft.text, list(draft.places())) == ("yzb", [0, 0, 1, 2])


def test_no_edits_change_nothing() -> None:
    draft = Draft("ab")
    assert draft.edited([]) is draft
    assert list(identity(2_000)) == list(range(2_001))


def test_a_long_list_of_matches_is_read_at_its_ends() -> None:
    import re

    matches = list(re.finditer("[a-z]", "abcdefg"))
    assert [match[0] for match in edges(matches, 4)] == ["a", "b", "f", "g"]
    assert edges(matches, 7) == matches
