BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE batches (
	id INTEGER NOT NULL, 
	run_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	requested_by TEXT NOT NULL, 
	command TEXT NOT NULL, 
	configuration_id INTEGER, 
	started DATETIME NOT NULL, 
	ended DATETIME, 
	outcome TEXT, 
	reason TEXT, 
	lost TEXT, 
	lost_spectra INTEGER NOT NULL, 
	sequences_done INTEGER NOT NULL, 
	CONSTRAINT pk_batches PRIMARY KEY (id), 
	CONSTRAINT uq_batches_run_id_number UNIQUE (run_id, number), 
	CONSTRAINT fk_batches_run_id FOREIGN KEY(run_id) REFERENCES runs (id), 
	CONSTRAINT fk_batches_configuration_id FOREIGN KEY(configuration_id) REFERENCES configurations (id)
);
INSERT INTO "batches" VALUES(1,1,0,'record','a test','{"sequences":1}',1,'2026-06-21 12:00:00.000000','2026-06-21 12:01:00.000000','aborted','by request','["one"]',2,1);
CREATE TABLE configurations (
	id INTEGER NOT NULL, 
	sha256 TEXT NOT NULL, 
	text TEXT NOT NULL, 
	first_seen DATETIME NOT NULL, 
	CONSTRAINT pk_configurations PRIMARY KEY (id), 
	CONSTRAINT uq_configurations_sha256 UNIQUE (sha256)
);
INSERT INTO "configurations" VALUES(1,'429fd7d4ebac37b4e9a5e1e4f46bc379e18640a8b01bfd75e68db7f292c3d33d','[output]
split = True','2026-06-21 12:00:00.000000');
CREATE TABLE contents (
	spectrum_id INTEGER NOT NULL, 
	pixels BLOB NOT NULL, 
	details TEXT NOT NULL, 
	CONSTRAINT pk_contents PRIMARY KEY (spectrum_id), 
	CONSTRAINT fk_contents_spectrum_id FOREIGN KEY(spectrum_id) REFERENCES spectra (id)
);
INSERT INTO "contents" VALUES(1,X'1178013BC1840A000D8000E7','{"Dark":true,"DarkPixels":[],"Datetime":"2026-06-21T12:00:00.000000+0000","Direction":"upwelling","IntegrationTime":10.5,"IntegrationTimeUnits":"milliseconds","NonlinearityCorrectionCoefficients":[],"OpticalPixelRange":[0,16],"SaturationLevel":65535,"SequenceNumber":0,"SerialNumber":"S1","Temperature":-10.25,"TemperatureEnabled":true,"TemperatureUnits":"degrees Celcius","Type":"dark","WavelengthCalibrationCoefficients":[340.0,0.4,0.0,0.0],"Batch":0,"ExposureEnd":"2026-06-21T12:00:00.010000+0000","ExposureMiddle":"2026-06-21T12:00:00.005000+0000","ExposureStart":"2026-06-21T12:00:00.000000+0000","Firmware":null,"Run":"plot 1","Simulated":true,"SoftwareVersion":"0","SpectrometerModel":"FLAME-S","QualityFlags":0,"QualityText":[],"SaturatedPixels":0}');
INSERT INTO "contents" VALUES(2,X'1178013BC1840A000D8000E7','{"Dark":true,"DarkPixels":[],"Datetime":"2026-06-21T12:00:00.000000+0000","Direction":"upwelling","IntegrationTime":10.5,"IntegrationTimeUnits":"milliseconds","NonlinearityCorrectionCoefficients":[],"OpticalPixelRange":[0,16],"SaturationLevel":65535,"SequenceNumber":0,"SerialNumber":"S2","Temperature":-10.25,"TemperatureEnabled":true,"TemperatureUnits":"degrees Celcius","Type":"dark","WavelengthCalibrationCoefficients":[340.0,0.4,0.0,0.0],"Batch":0,"ExposureEnd":"2026-06-21T12:00:00.010000+0000","ExposureMiddle":"2026-06-21T12:00:00.005000+0000","ExposureStart":"2026-06-21T12:00:00.000000+0000","Firmware":null,"Run":"plot 1","Simulated":true,"SoftwareVersion":"0","SpectrometerModel":"FLAME-S","QualityFlags":0,"QualityText":[],"SaturatedPixels":0}');
INSERT INTO "contents" VALUES(3,X'1178013BC1840A000D8000E7','{"Dark":false,"DarkPixels":[],"Datetime":"2026-06-21T12:00:00.000000+0000","Direction":"upwelling","IntegrationTime":10.5,"IntegrationTimeUnits":"milliseconds","NonlinearityCorrectionCoefficients":[],"OpticalPixelRange":[0,16],"SaturationLevel":65535,"SequenceNumber":0,"SerialNumber":"S1","Temperature":-10.25,"TemperatureEnabled":true,"TemperatureUnits":"degrees Celcius","Type":"light","WavelengthCalibrationCoefficients":[340.0,0.4,0.0,0.0],"Batch":0,"ExposureEnd":"2026-06-21T12:00:00.010000+0000","ExposureMiddle":"2026-06-21T12:00:00.005000+0000","ExposureStart":"2026-06-21T12:00:00.000000+0000","Firmware":null,"Run":"plot 1","Simulated":true,"SoftwareVersion":"0","SpectrometerModel":"FLAME-S","DarkFile":"b000000_s000000_dark.pico","DarkSequence":0,"QualityFlags":1,"QualityText":["SATURATED"],"SaturatedPixels":0}');
INSERT INTO "contents" VALUES(4,X'1178013BC1840A000D8000E7','{"Dark":false,"DarkPixels":[],"Datetime":"2026-06-21T12:00:00.000000+0000","Direction":"upwelling","IntegrationTime":10.5,"IntegrationTimeUnits":"milliseconds","NonlinearityCorrectionCoefficients":[],"OpticalPixelRange":[0,16],"SaturationLevel":65535,"SequenceNumber":0,"SerialNumber":"S2","Temperature":-10.25,"TemperatureEnabled":true,"TemperatureUnits":"degrees Celcius","Type":"light","WavelengthCalibrationCoefficients":[340.0,0.4,0.0,0.0],"Batch":0,"ExposureEnd":"2026-06-21T12:00:00.010000+0000","ExposureMiddle":"2026-06-21T12:00:00.005000+0000","ExposureStart":"2026-06-21T12:00:00.000000+0000","Firmware":null,"Run":"plot 1","Simulated":true,"SoftwareVersion":"0","SpectrometerModel":"FLAME-S","DarkFile":"b000000_s000000_dark.pico","DarkSequence":0,"QualityFlags":1,"QualityText":["SATURATED"],"SaturatedPixels":0}');
CREATE TABLE events (
	id INTEGER NOT NULL, 
	time DATETIME NOT NULL, 
	level TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	source TEXT NOT NULL, 
	message TEXT NOT NULL, 
	details TEXT NOT NULL, 
	CONSTRAINT pk_events PRIMARY KEY (id)
);
INSERT INTO "events" VALUES(1,'2026-06-21 12:00:00.000000','info','start','','started','{"a":1}');
CREATE TABLE files (
	id INTEGER NOT NULL, 
	run_id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	size INTEGER NOT NULL, 
	modified_ns INTEGER NOT NULL, 
	sha256 TEXT NOT NULL, 
	state TEXT NOT NULL, 
	problem TEXT, 
	recorded DATETIME NOT NULL, 
	exported DATETIME, 
	CONSTRAINT pk_files PRIMARY KEY (id), 
	CONSTRAINT uq_files_run_id_name UNIQUE (run_id, name), 
	CONSTRAINT fk_files_run_id FOREIGN KEY(run_id) REFERENCES runs (id)
);
INSERT INTO "files" VALUES(1,1,'b000000_s000000_dark.pico',2345,1795246475115480324,'a5bda2f8d3ee6e2ee383a393d5552aaf358f2069838e20ac4a4c6a06e1b00276','sound',NULL,'2026-06-21 12:00:00.000000','2026-06-21 12:00:00.000000');
INSERT INTO "files" VALUES(2,1,'b000000_s000000_light.pico',2529,1795246475127480323,'9b415f35730195bf83f5bf52c572a1b341cc09ac58a5de61fee15f47a73943cf','sound',NULL,'2026-06-21 12:00:00.000000',NULL);
CREATE TABLE housekeeping (
	id INTEGER NOT NULL, 
	time DATETIME NOT NULL, 
	quantities TEXT NOT NULL, 
	CONSTRAINT pk_housekeeping PRIMARY KEY (id)
);
INSERT INTO "housekeeping" VALUES(1,'2026-06-21 12:00:00.000000','{"cpu_temperature":50.5}');
CREATE TABLE latest (
	serial_number TEXT NOT NULL, 
	direction TEXT NOT NULL, 
	dark BOOLEAN NOT NULL, 
	spectrum_id INTEGER NOT NULL, 
	CONSTRAINT pk_latest PRIMARY KEY (serial_number, direction, dark)
);
INSERT INTO "latest" VALUES('S1','upwelling',1,1);
INSERT INTO "latest" VALUES('S2','upwelling',1,2);
INSERT INTO "latest" VALUES('S1','upwelling',0,3);
INSERT INTO "latest" VALUES('S2','upwelling',0,4);
CREATE TABLE runs (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	created DATETIME NOT NULL, 
	rank INTEGER NOT NULL, 
	CONSTRAINT pk_runs PRIMARY KEY (id), 
	CONSTRAINT uq_runs_name UNIQUE (name)
);
INSERT INTO "runs" VALUES(1,'plot 1','2026-06-21 12:00:00.000000',3);
CREATE TABLE spectra (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	file_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	run_id INTEGER NOT NULL, 
	batch_id INTEGER NOT NULL, 
	sequence INTEGER NOT NULL, 
	serial_number TEXT NOT NULL, 
	model TEXT, 
	direction TEXT NOT NULL, 
	dark BOOLEAN NOT NULL, 
	dark_id INTEGER, 
	start DATETIME NOT NULL, 
	"end" DATETIME, 
	integration_time DOUBLE NOT NULL, 
	peak INTEGER NOT NULL, 
	saturated_pixels INTEGER NOT NULL, 
	flags INTEGER NOT NULL, 
	temperature DOUBLE, 
	simulated BOOLEAN NOT NULL, 
	CONSTRAINT fk_spectra_file_id FOREIGN KEY(file_id) REFERENCES files (id), 
	CONSTRAINT fk_spectra_run_id FOREIGN KEY(run_id) REFERENCES runs (id), 
	CONSTRAINT fk_spectra_batch_id FOREIGN KEY(batch_id) REFERENCES batches (id)
);
INSERT INTO "spectra" VALUES(1,1,0,1,1,0,'S1','FLAME-S','upwelling',1,NULL,'2026-06-21 12:00:00.000000','2026-06-21 12:00:00.010000',10.5,115,0,0,-10.25,1);
INSERT INTO "spectra" VALUES(2,1,1,1,1,0,'S2','FLAME-S','upwelling',1,NULL,'2026-06-21 12:00:00.000000','2026-06-21 12:00:00.010000',10.5,115,0,0,-10.25,1);
INSERT INTO "spectra" VALUES(3,2,0,1,1,0,'S1','FLAME-S','upwelling',0,1,'2026-06-21 12:00:00.000000','2026-06-21 12:00:00.010000',10.5,115,0,1,-10.25,1);
INSERT INTO "spectra" VALUES(4,2,1,1,1,0,'S2','FLAME-S','upwelling',0,2,'2026-06-21 12:00:00.000000','2026-06-21 12:00:00.010000',10.5,115,0,1,-10.25,1);
CREATE INDEX ix_runs_rank ON runs (rank);
CREATE INDEX ix_events_time_id ON events (time, id);
CREATE INDEX ix_housekeeping_time_id ON housekeeping (time, id);
CREATE INDEX ix_batches_outcome ON batches (outcome);
CREATE INDEX ix_files_state ON files (state);
CREATE INDEX ix_files_run_id_id ON files (run_id, id);
CREATE INDEX ix_spectra_run_id_id ON spectra (run_id, id);
CREATE INDEX ix_spectra_batch_id_start_id ON spectra (batch_id, start, id);
CREATE INDEX ix_spectra_serial_number_start_id ON spectra (serial_number, start, id);
CREATE INDEX ix_spectra_batch_id_id ON spectra (batch_id, id);
CREATE INDEX ix_spectra_start_id ON spectra (start, id);
CREATE INDEX ix_spectra_run_id_start_id ON spectra (run_id, start, id);
CREATE INDEX ix_spectra_file_id_position ON spectra (file_id, position);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('spectra',4);
COMMIT;
