"""How the rig is doing, also when nothing is recorded: values, what is worth a warning, and where they are kept."""

from __future__ import annotations

from piccolo3.housekeeping.health import Health, HealthChanged, Level
from piccolo3.housekeeping.housekeeper import Housekeeper
from piccolo3.housekeeping.keeping import Keeping
from piccolo3.housekeeping.sampler import Sampler
from piccolo3.housekeeping.thinning import Thinning

__all__ = ["Health", "HealthChanged", "Housekeeper", "Keeping", "Level", "Sampler", "Thinning"]
