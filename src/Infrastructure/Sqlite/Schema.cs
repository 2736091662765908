using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>
/// The tables. Times are Unix milliseconds, amounts of time microseconds, states and outcomes the Domain's numbers.
/// A file says whose it is and which version in its header, so that it can be refused before anything is written.
/// </summary>
internal static class Schema
{
    /// <summary>"FaaS" in ASCII.</summary>
    public const int ApplicationId = 0x46616153;

    /// <summary>The version this code reads and writes.</summary>
    public const int Version = 1;

    private const string Tables = """
        CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        INSERT INTO meta VALUES ('epoch', 0), ('last_sequence', 0);

        -- A row is one generation of a name; at most one of them is open.
        CREATE TABLE users(
            generation INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, opened_ms INTEGER NOT NULL,
            closed INTEGER NOT NULL DEFAULT 0);
        CREATE UNIQUE INDEX users_open ON users(name) WHERE closed = 0;
        -- closed is 1 while it may have unfinished jobs, 2 once it was seen without: it gets no new ones.
        CREATE INDEX users_closing ON users(generation) WHERE closed = 1;

        CREATE TABLE functions(
            id INTEGER PRIMARY KEY AUTOINCREMENT, generation INTEGER NOT NULL, name TEXT NOT NULL,
            version_id INTEGER NOT NULL, deleted INTEGER NOT NULL DEFAULT 0, UNIQUE(generation, name));
        CREATE TABLE versions(
            id INTEGER PRIMARY KEY AUTOINCREMENT, function_id INTEGER NOT NULL, number INTEGER NOT NULL,
            hash TEXT NOT NULL, created_ms INTEGER NOT NULL, UNIQUE(function_id, number));
        CREATE TABLE sources(hash TEXT PRIMARY KEY, source BLOB NOT NULL);

        CREATE TABLE jobs(
            seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, version_id INTEGER NOT NULL, generation INTEGER NOT NULL,
            state INTEGER NOT NULL, outcome INTEGER, ended_attempts INTEGER NOT NULL DEFAULT 0,
            crashes INTEGER NOT NULL DEFAULT 0, losses INTEGER NOT NULL DEFAULT 0, submitted_ms INTEGER NOT NULL,
            due_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, started_ms INTEGER NOT NULL DEFAULT 0,
            ended_ms INTEGER NOT NULL DEFAULT 0, wall_us INTEGER NOT NULL DEFAULT 0, cpu_us INTEGER NOT NULL DEFAULT 0,
            cold_us INTEGER NOT NULL DEFAULT 0, kind INTEGER NOT NULL DEFAULT 0, hidden INTEGER NOT NULL DEFAULT 0,
            redrive_of BLOB, error_name TEXT, error_message TEXT, error_stack TEXT);
        CREATE INDEX jobs_open ON jobs(seq) WHERE ended_ms = 0;
        CREATE INDEX jobs_ended ON jobs(ended_ms) WHERE ended_ms > 0;
        CREATE INDEX jobs_hidden ON jobs(ended_ms) WHERE hidden = 1;

        -- A body is inline here, or its column has the id of a payload.
        CREATE TABLE bodies(
            seq INTEGER PRIMARY KEY, arguments BLOB, arguments_payload BLOB, value BLOB, value_payload BLOB,
            logs BLOB, logs_payload BLOB);
        -- Payloads are shared: a row counts the bodies that refer to it.
        CREATE TABLE payloads(
            number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, stored_ms INTEGER NOT NULL,
            refs INTEGER NOT NULL DEFAULT 0);
        CREATE INDEX payloads_orphaned ON payloads(stored_ms) WHERE refs = 0;
        CREATE TABLE payload_bytes(number INTEGER PRIMARY KEY, bytes BLOB NOT NULL);

        -- One row a billed attempt, for as long as its job is kept.
        CREATE TABLE ledger(
            generation INTEGER NOT NULL, job BLOB NOT NULL, attempt INTEGER NOT NULL, function_id INTEGER NOT NULL,
            day INTEGER NOT NULL, queued_us INTEGER NOT NULL, cold_us INTEGER NOT NULL, cpu_us INTEGER NOT NULL,
            wall_us INTEGER NOT NULL, PRIMARY KEY(generation, job, attempt)) WITHOUT ROWID;
        -- The sums of all ledger rows there ever were: what an owner's time is read from.
        CREATE TABLE ledger_days(
            generation INTEGER NOT NULL, function_id INTEGER NOT NULL, day INTEGER NOT NULL,
            invocations INTEGER NOT NULL, queued_us INTEGER NOT NULL, cold_us INTEGER NOT NULL,
            cpu_us INTEGER NOT NULL, wall_us INTEGER NOT NULL, PRIMARY KEY(generation, function_id, day)) WITHOUT ROWID;
        """;

    /// <summary>
    /// The scaler's decisions, newer than files of this version: a release without them opens a file that has them, so
    /// the version stays, and they are made when they are missing.
    /// </summary>
    private const string Decisions = """
        CREATE TABLE IF NOT EXISTS decisions(
            id INTEGER PRIMARY KEY AUTOINCREMENT, scaler BLOB NOT NULL, number INTEGER NOT NULL,
            is_change INTEGER NOT NULL, report TEXT NOT NULL, UNIQUE(scaler, number));
        CREATE INDEX IF NOT EXISTS decisions_changes ON decisions(id) WHERE is_change = 1;
        """;

    /// <summary>The keys of open generations: newer, like the decisions, and made the same way.</summary>
    private const string Keys = """
        CREATE TABLE IF NOT EXISTS keys(
            number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, generation INTEGER NOT NULL,
            hash BLOB NOT NULL, name TEXT NOT NULL, scopes INTEGER NOT NULL, function TEXT,
            created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, used_ms INTEGER NOT NULL DEFAULT 0);
        CREATE INDEX IF NOT EXISTS keys_of ON keys(generation);
        -- A release without keys closes a generation and leaves its keys.
        DELETE FROM keys WHERE generation IN (SELECT generation FROM users WHERE closed <> 0);
        """;

    /// <summary>
    /// What was set for names, and the ways to a name's generations and to a month's sums: newer too, and a release
    /// without them keeps the indexes as they should be.
    /// </summary>
    private const string Quotas = """
        CREATE TABLE IF NOT EXISTS quotas(
            user TEXT PRIMARY KEY, revision INTEGER NOT NULL, overrides TEXT NOT NULL) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS users_named ON users(name);
        -- No amounts in it, so a commit that adds to a day does not touch it.
        CREATE INDEX IF NOT EXISTS ledger_days_of ON ledger_days(day, generation);
        """;

    /// <summary>What is configured for functions: newer too, and a release without it ignores it.</summary>
    private const string Configs = """
        CREATE TABLE IF NOT EXISTS configs(
            function_id INTEGER PRIMARY KEY, generation INTEGER NOT NULL, revision INTEGER NOT NULL, config TEXT NOT NULL);
        CREATE INDEX IF NOT EXISTS configs_of ON configs(generation);
        -- A release without configurations closes a generation, or deletes a function, and leaves what was configured.
        DELETE FROM configs WHERE generation IN (SELECT generation FROM users WHERE closed <> 0);
        UPDATE configs SET revision = revision + 1, config = '{}'
        WHERE config <> '{}' AND function_id IN (SELECT id FROM functions WHERE deleted <> 0);
        """;

    /// <summary>When functions run by the clock: newer too.</summary>
    private const string Schedules = """
        CREATE TABLE IF NOT EXISTS schedules(
            function_id INTEGER PRIMARY KEY, generation INTEGER NOT NULL, revision INTEGER NOT NULL,
            definition TEXT NOT NULL, next_ms INTEGER NOT NULL, last TEXT);
        CREATE INDEX IF NOT EXISTS schedules_of ON schedules(generation);
        CREATE INDEX IF NOT EXISTS schedules_next ON schedules(next_ms, function_id);
        -- A release without schedules closes a generation, or deletes a function, and leaves its schedule.
        DELETE FROM schedules WHERE generation IN (SELECT generation FROM users WHERE closed <> 0)
            OR function_id IN (SELECT id FROM functions WHERE deleted <> 0);
        """;

    /// <summary>What only the platform knows; newer too.</summary>
    private const string Secrets = """
        CREATE TABLE IF NOT EXISTS platform_secrets(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
        """;

    /// <summary>The audit log: newer too. Entries are looked for by user and by action, and removed by age.</summary>
    private const string Audit = """
        CREATE TABLE IF NOT EXISTS audit(
            id INTEGER PRIMARY KEY AUTOINCREMENT, origin BLOB NOT NULL UNIQUE, at_ms INTEGER NOT NULL,
            action TEXT NOT NULL, user TEXT NOT NULL, entry TEXT NOT NULL);
        CREATE INDEX IF NOT EXISTS audit_of_user ON audit(user, id);
        CREATE INDEX IF NOT EXISTS audit_of_action ON audit(action, id);
        CREATE INDEX IF NOT EXISTS audit_old ON audit(at_ms);
        """;

    /// <summary>
    /// Finding jobs again, newer too. Which function a job is of stands in its row, so that there can be an index by it: a
    /// release that does not know the column leaves it empty, and it is filled in when the file is opened next.
    /// </summary>
    private const string JobLists = """
        CREATE INDEX IF NOT EXISTS jobs_of_owner ON jobs(generation, seq);
        CREATE INDEX IF NOT EXISTS jobs_of_function ON jobs(function_id, seq);
        UPDATE jobs SET function_id = (SELECT v.function_id FROM versions v WHERE v.id = version_id)
        WHERE function_id IS NULL;
        -- What waits or runs, and what did not succeed: few among many, as a rule.
        CREATE INDEX IF NOT EXISTS jobs_waiting ON jobs(generation, seq) WHERE ended_ms = 0;
        CREATE INDEX IF NOT EXISTS jobs_unsuccessful ON jobs(generation, state, seq) WHERE state > 3;
        """;

    private const string HasFunctions = "SELECT count(*) FROM pragma_table_info('jobs') WHERE name = 'function_id'";

    private const string AddFunctions = "ALTER TABLE jobs ADD COLUMN function_id INTEGER;";

    private const string HasKeys = "SELECT count(*) FROM pragma_table_info('jobs') WHERE name = 'idempotency_key'";

    private const string AddKeys =
        "ALTER TABLE jobs ADD COLUMN idempotency_key TEXT; ALTER TABLE jobs ADD COLUMN idempotency_print BLOB;";

    /// <summary>What was submitted with a key, newer too: most jobs are not in it.</summary>
    private const string IdempotencyKeys =
        "CREATE UNIQUE INDEX IF NOT EXISTS jobs_keyed ON jobs(generation, idempotency_key) WHERE idempotency_key IS NOT NULL;";

    /// <summary>Adds what files of this version did not have from the beginning; what is there is not touched.</summary>
    public static void Complete(Database database)
    {
        var functions = database.ReadNumber(HasFunctions) == 0 ? AddFunctions : "";
        var keys = database.ReadNumber(HasKeys) == 0 ? AddKeys : "";
        database.Execute(
            $"BEGIN IMMEDIATE; {functions} {keys} {IdempotencyKeys} {Decisions} {Keys} {Quotas} {Configs} {Schedules} {Secrets} {Audit} {JobLists} COMMIT");
    }

    /// <summary>Makes the tables in an empty file, in one transaction.</summary>
    public static void Create(Database database)
    {
        database.Execute($"""
            PRAGMA page_size = 4096;
            PRAGMA synchronous = FULL;
            BEGIN IMMEDIATE;
            PRAGMA application_id = {ApplicationId};
            PRAGMA user_version = {Version};
            {Tables}
            COMMIT;
            """);
    }
}
