"""IP filters and identities on screen."""

from __future__ import annotations

import html
import re

import pytest

import sesreceive as ses
from sesreceive.errors import ValidationError
from sesreceive.stages import filtering
from sesreceive.ui.filter_editor import RECIPES, FilterEditor
from sesreceive.ui.identity_editor import IdentityEditor

EMPTY = ses.Account(identities=("example.com",))


def an_editor(*filters: ses.ReceiptFilter) -> FilterEditor:
    return FilterEditor(ses.Receiver(EMPTY.replace(filters=filters), seed=1))


def text(markup: str) -> str:
    return html.unescape(re.sub("<[^>]*>", "", markup))


# What each recipe is for, in the words of the guide: who gets through with it, and who does not.
RECIPE_CASES = [
    # recipe                            addresses                      let in                          refused
    ("Block all but trusted addresses", "192.0.2.9, 198.51.100.0/24",  ["192.0.2.9", "198.51.100.9"],  ["203.0.113.1"]),
    ("Allow servers in Amazon EC2",     "192.0.2.10",                  ["192.0.2.10"],                 ["192.0.2.11"]),
    ("Allow senders on a block list",   "192.0.2.10 192.0.2.12",       ["192.0.2.10", "192.0.2.12"],   ["192.0.2.11"]),
    ("Block senders",                   "203.0.113.0/24",              ["198.51.100.1"],               ["203.0.113.7"]),
]  # fmt: skip

# Stands for the lists AWS keeps: they cover 192.0.2.0/24.
PROVIDERS = (ses.ProviderList("aws", ("192.0.2.0/24",)),)


def test_every_recipe_has_a_case():
    assert [recipe.title for recipe in RECIPES] == [row[0] for row in RECIPE_CASES]


@pytest.mark.parametrize("title, addresses, let_in, refused", RECIPE_CASES)
def test_a_recipe_does_what_it_says(title, addresses, let_in, refused):
    editor = an_editor()
    editor.recipe.value = [recipe.title for recipe in RECIPES].index(title)
    editor.addresses.value = addresses
    editor.use_recipe()
    account = editor.bench.account
    assert account.problems() == ()
    for address in let_in:
        assert filtering.decide(account.filters, address, PROVIDERS).accepted
    for address in refused:
        assert not filtering.decide(account.filters, address, PROVIDERS).accepted
    editor.use_recipe()  # once more: the names are others
    assert editor.bench.account.problems() == ()


@pytest.mark.parametrize("addresses", ["", "  ,", "192.0.2.300", "192.0.2.1 nonsense"])
def test_a_recipe_refuses_what_is_no_address_and_changes_nothing(addresses):
    editor = an_editor()
    editor.addresses.value = addresses
    with pytest.raises(ValidationError, match="expected"):
        editor.use_recipe()
    assert editor.bench.account.filters == ()


def test_filters_are_added_changed_and_deleted():
    editor = an_editor()
    editor.list.buttons["Add block"].click()
    editor.list.buttons["Add allow"].click()
    editor.form.controls["cidr"].inputs[0].value = "198.51.100.7"
    editor.form.controls["name"].inputs[0].value = "hq"
    block, allow = editor.bench.account.filters
    assert block == ses.ReceiptFilter.block("192.0.2.0/24", name="block")
    assert allow == ses.ReceiptFilter.allow("198.51.100.7", name="hq")
    editor.form.controls["policy"].inputs[0].value = ses.Policy.BLOCK
    assert [one.policy for one in editor.bench.account.filters] == ["Block", "Block"]
    editor.list.buttons["Delete filter"].click()
    assert editor.bench.account.filters == (block,)
    editor.list.buttons["Delete filter"].click()
    assert editor.delete() == "no filter to delete"


def test_a_wrong_range_says_what_is_wrong_in_the_words_of_the_validator():
    editor = an_editor(ses.ReceiptFilter.block("192.0.2.0/24", name="a"))
    editor.form.controls["cidr"].inputs[0].value = "192.0.2.0/255.255.255.0"
    (problem,) = editor.bench.account.problems()
    assert text(editor.form.notes["cidr"].value) == "✗ " + problem.message.replace("`", "")
    assert editor.list.shown[0][0].startswith("✗")


def test_the_address_that_is_tried_is_decided_as_the_pipeline_would():
    filters = (
        ses.ReceiptFilter.block("203.0.113.0/24", name="net"),
        ses.ReceiptFilter.allow("203.0.113.9", name="hq"),
    )
    editor = an_editor(*filters)
    for address in ("203.0.113.9", "203.0.113.8", "2001:db8::1"):
        editor.tried.value = address
        decision = filtering.decide(filters, address)
        assert decision.reason.replace("`", "") in text(editor.outcome.value)
        assert ("✓ let in" in editor.outcome.value) is decision.accepted
    editor.tried.value = "<b>"
    assert "expected an IPv4 or IPv6 address but got <b>" in text(editor.outcome.value)


def test_identities_are_added_changed_and_deleted():
    editor = IdentityEditor(ses.Receiver(EMPTY, seed=1))
    assert editor.add() == "added the identity site1.example.com"
    editor.form.controls["name"].inputs[0].value = "example.net"
    editor.form.controls["verification_status"].inputs[0].value = "Pending"
    added = editor.bench.account.identities[1]
    assert (added.name, added.is_verified) == ("example.net", False)
    editor.form.controls["name"].inputs[0].value = "example..net"
    assert "expected a domain or an e-mail address" in text(editor.form.notes["name"].value)
    editor.account_form.controls["region"].inputs[0].value = "eu-west-1"
    assert editor.bench.account.region == "eu-west-1"
    editor.delete()
    assert [one.name for one in editor.bench.account.identities] == ["example.com"]
    editor.delete()
    assert editor.delete() == "no identity to delete"


def test_undo_shows_what_it_brought_back():
    editor = an_editor(*(ses.ReceiptFilter.block(f"192.0.2.{n}", name=f"n{n}") for n in range(3)))
    editor.list.select.value = 1
    editor.delete()
    editor.list.select.value = 0
    editor.bench.undo()
    assert editor.filter.name == "n1"
