from .bundled import bundled_landscape
from .landscape import Landscape
from .names import LANDSCAPES
from .result import Simulation
from .running import simulate

__all__ = ["LANDSCAPES", "Landscape", "Simulation", "bundled_landscape", "simulate"]
