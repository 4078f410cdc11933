"""The libraries that a kernel can be written for: a folder each, with its printer, its template, and whether it reads in blocks."""

from __future__ import annotations

from types import ModuleType

from sgdsym.codegen.backends import jax, numpy, torch

BACKENDS: dict[str, ModuleType] = {"numpy": numpy, "jax": jax, "torch": torch}
