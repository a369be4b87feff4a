"""Seam ``AmazonStateLanguageParser.parse``: what is kept is the text's tree, never what an execution works on."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser, ASLParserException

from local.seams import Patches, definitions

MACHINE = json.dumps({"StartAt": "One", "States": {"One": {"Type": "Pass", "End": True}}})


@pytest.fixture
def installed() -> Iterator[None]:
    patches = Patches()
    definitions.install(patches)
    yield
    patches.undo()


@pytest.mark.usefixtures("installed")
def test_each_execution_gets_a_program_of_its_own_from_one_reading() -> None:
    first, tree = AmazonStateLanguageParser.parse(MACHINE)
    second, again = AmazonStateLanguageParser.parse(MACHINE)
    assert again is tree
    assert second is not first
    other, another = AmazonStateLanguageParser.parse(MACHINE.replace("One", "Two"))
    assert another is not tree
    assert other.start_at.start_at_name != first.start_at.start_at_name


@pytest.mark.usefixtures("installed")
def test_a_definition_that_cannot_be_read_is_refused_every_time() -> None:
    for _ in range(2):
        with pytest.raises(ASLParserException, match="line 1"):
            AmazonStateLanguageParser.parse('{"StartAt": }')


def test_moto_reads_for_itself_again_afterwards() -> None:
    own = AmazonStateLanguageParser.parse
    patches = Patches()
    definitions.install(patches)
    assert AmazonStateLanguageParser.parse is not own
    patches.undo()
    assert AmazonStateLanguageParser.parse is own
