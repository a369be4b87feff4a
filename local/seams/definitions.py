"""Seam ``AmazonStateLanguageParser.parse``: a definition is read once, not again for each of its executions.

moto reads the text of a state machine with a generated parser whenever an execution starts, which takes a tenth of a
second of processor time. The tree it finds is kept; what an execution works on is still made for it alone.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from antlr4 import CommonTokenStream, InputStream, ParserRuleContext  # type: ignore[import-untyped]
from moto.stepfunctions.parser.asl.antlr.runtime.ASLLexer import ASLLexer
from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser
from moto.stepfunctions.parser.asl.parse.asl_parser import (
    AmazonStateLanguageParser,
    ASLParserException,
    SyntaxErrorListener,
)
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

from local.seams import Patches


def install(patches: Patches) -> None:
    """Keep the trees of the last definitions."""

    def parse(definition: str) -> tuple[Any, ParserRuleContext]:
        tree = _tree(definition)
        return Preprocessor().visit(tree), tree

    patches.replace(AmazonStateLanguageParser, "parse", staticmethod(parse))


@lru_cache(maxsize=64)
def _tree(definition: str) -> ParserRuleContext:
    problems: Any = SyntaxErrorListener()  # type: ignore[no-untyped-call]
    parser: Any = ASLParser(CommonTokenStream(ASLLexer(InputStream(definition))))
    parser.removeErrorListeners()
    parser.addErrorListener(problems)
    tree: ParserRuleContext = parser.state_machine()
    if problems.errors:
        raise ASLParserException(errors=problems.errors)
    return tree
