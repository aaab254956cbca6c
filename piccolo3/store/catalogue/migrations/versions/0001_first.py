"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "configurations",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_configurations"),
        sa.UniqueConstraint("sha256", name="uq_configurations_sha256"),
    )
    op.create_table(
        "events",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
    )
    op.create_index("ix_events_time_id", "events", ["time", "id"], unique=False)
    op.create_table(
        "housekeeping",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quantities", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_housekeeping"),
    )
    op.create_index("ix_housekeeping_time_id", "housekeeping", ["time", "id"], unique=False)
    op.create_table(
        "latest",
        sa.Column("serial_number", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("dark", sa.Boolean(), nullable=False),
        sa.Column("spectrum_id", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("serial_number", "direction", "dark", name="pk_latest"),
    )
    op.create_table(
        "runs",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rank", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.UniqueConstraint("name", name="uq_runs_name"),
    )
    op.create_index("ix_runs_rank", "runs", ["rank"], unique=False)
    op.create_table(
        "batches",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("run_id", _NUMBER, nullable=False),
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("configuration_id", _NUMBER, nullable=True),
        sa.Column("started", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("lost", sa.Text(), nullable=True),
        sa.Column("lost_spectra", _NUMBER, nullable=False),
        sa.Column("sequences_done", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["configuration_id"], ["configurations.id"], name="fk_batches_configuration_id"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_batches_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
        sa.UniqueConstraint("run_id", "number", name="uq_batches_run_id_number"),
    )
    op.create_index("ix_batches_outcome", "batches", ["outcome"], unique=False)
    op.create_table(
        "files",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("run_id", _NUMBER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", _NUMBER, nullable=False),
        sa.Column("modified_ns", _NUMBER, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("recorded", sa.DateTime(timezone=True), nullable=False),
        sa.Column("exported", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_files_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_files"),
        sa.UniqueConstraint("run_id", "name", name="uq_files_run_id_name"),
    )
    op.create_index("ix_files_run_id_id", "files", ["run_id", "id"], unique=False)
    op.create_index("ix_files_state", "files", ["state"], unique=False)
    op.create_table(
        "spectra",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("file_id", _NUMBER, nullable=False),
        sa.Column("position", _NUMBER, nullable=False),
        sa.Column("run_id", _NUMBER, nullable=False),
        sa.Column("batch_id", _NUMBER, nullable=False),
        sa.Column("sequence", _NUMBER, nullable=False),
        sa.Column("serial_number", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("dark", sa.Boolean(), nullable=False),
        sa.Column("dark_id", _NUMBER, nullable=True),
        sa.Column("start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("integration_time", sa.Double(), nullable=False),
        sa.Column("peak", _NUMBER, nullable=False),
        sa.Column("saturated_pixels", _NUMBER, nullable=False),
        sa.Column("flags", _NUMBER, nullable=False),
        sa.Column("temperature", sa.Double(), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name="fk_spectra_batch_id"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_spectra_file_id"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_spectra_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_spectra"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_spectra_batch_id_id", "spectra", ["batch_id", "id"], unique=False)
    op.create_index("ix_spectra_batch_id_start_id", "spectra", ["batch_id", "start", "id"], unique=False)
    op.create_index("ix_spectra_file_id_position", "spectra", ["file_id", "position"], unique=False)
    op.create_index("ix_spectra_run_id_id", "spectra", ["run_id", "id"], unique=False)
    op.create_index("ix_spectra_run_id_start_id", "spectra", ["run_id", "start", "id"], unique=False)
    op.create_index("ix_spectra_serial_number_start_id", "spectra", ["serial_number", "start", "id"], unique=False)
    op.create_index("ix_spectra_start_id", "spectra", ["start", "id"], unique=False)
    op.create_table(
        "contents",
        sa.Column("spectrum_id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("pixels", sa.LargeBinary(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["spectrum_id"], ["spectra.id"], name="fk_contents_spectrum_id"),
        sa.PrimaryKeyConstraint("spectrum_id", name="pk_contents"),
    )
