"""Truncated series in the learning rate: an ordered map from diagrams to exact coefficients.

The room knows diagrams, coefficients and the bases; hands itself to sympy through the tensors room.  It refuses to know where a
series comes from and how it is printed, drawn or lowered.
"""

from sgdsym.series.arithmetic import as_exact, read_number, read_size, symbol_name
from sgdsym.series.bases import BASES, Basis, collect
from sgdsym.series.coefficient import Coefficient, Scalar
from sgdsym.series.conditions import Condition, named_conditions, run_conditions, undecided
from sgdsym.series.dynamics import FIXED, FULL, GD, ODE, ONLINE, REPLACE, RESHUFFLE, SDE, SGD, Dynamics, SamplingScheme
from sgdsym.series.estimator import estimator, mergers, most_blocks
from sgdsym.series.evaluated import read_series
from sgdsym.series.evaluation import TooManyDigitsError, exact_value, float_values
from sgdsym.series.exchange import diagram_from_data, diagram_to_data, read_setting
from sgdsym.series.fields import (
    HIGHEST_ORDER,
    field,
    integer_field,
    integers,
    list_field,
    read_json,
    read_object,
    shown,
    text_field,
    word_field,
)
from sgdsym.series.filled import exact_sums, float_sums, known_steps, registers_of
from sgdsym.series.observable import (
    ALONG_GRADIENT,
    COVARIANCE,
    DISPLACEMENT,
    DRIFT,
    FUNCTION,
    GENERALIZATION_GAP,
    GRADIENT,
    LOSS_VARIANCE,
    MODIFIED_LOSS,
    POTENTIAL,
    TEST_LOSS,
    TRAIN_LOSS,
    VELOCITY,
    Observable,
)
from sgdsym.series.parsing import check_factor
from sgdsym.series.powers import Power
from sgdsym.series.series import Series
from sgdsym.series.setting import Setting
from sgdsym.series.sums import Recursion, ScheduleSum, schedule_name, substituted_sums
from sgdsym.series.words import by_symbol

__all__ = [
    "ALONG_GRADIENT",
    "BASES",
    "COVARIANCE",
    "DISPLACEMENT",
    "DRIFT",
    "FIXED",
    "FULL",
    "FUNCTION",
    "GD",
    "GENERALIZATION_GAP",
    "GRADIENT",
    "HIGHEST_ORDER",
    "LOSS_VARIANCE",
    "MODIFIED_LOSS",
    "ODE",
    "ONLINE",
    "POTENTIAL",
    "REPLACE",
    "RESHUFFLE",
    "SDE",
    "SGD",
    "TEST_LOSS",
    "TRAIN_LOSS",
    "VELOCITY",
    "Basis",
    "Coefficient",
    "Condition",
    "Dynamics",
    "Observable",
    "Power",
    "Recursion",
    "SamplingScheme",
    "Scalar",
    "ScheduleSum",
    "Series",
    "Setting",
    "TooManyDigitsError",
    "as_exact",
    "by_symbol",
    "check_factor",
    "collect",
    "diagram_from_data",
    "diagram_to_data",
    "estimator",
    "exact_sums",
    "exact_value",
    "field",
    "float_sums",
    "float_values",
    "integer_field",
    "integers",
    "known_steps",
    "list_field",
    "mergers",
    "most_blocks",
    "named_conditions",
    "read_json",
    "read_number",
    "read_object",
    "read_series",
    "read_setting",
    "read_size",
    "registers_of",
    "run_conditions",
    "schedule_name",
    "shown",
    "substituted_sums",
    "symbol_name",
    "text_field",
    "undecided",
    "word_field",
]
