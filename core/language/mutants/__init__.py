"""Mutants: a plugin's YAML with one rule broken. A scenario that does not notice does not prove the rule."""

from core.language.mutants.breaking import mutants_of
from core.language.mutants.mutant import Mutant

__all__ = ["Mutant", "mutants_of"]
