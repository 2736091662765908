using FaaS.Application.Db;
using FaaS.Domain.Functions;
using FaaS.Infrastructure.Sqlite;
using FaaS.Tests.Shared.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace FaaS.Infrastructure.Tests.Sqlite;

/// <summary>A store over a file in a folder of its own, that can be closed, opened again, and looked at.</summary>
internal sealed class SqliteStores : OpenStores
{
    private readonly string _folder;
    private readonly bool _keepsFolder;
    private readonly List<string> _deaths = [];
    private readonly List<string> _stops = [];

    public SqliteStores(string? file = null, long maxBytes = 1L << 40, long unreferencedBytes = 256L << 20)
    {
        _keepsFolder = file is not null;
        _folder = file is null ? NewFolder() : Path.GetDirectoryName(file)!;
        File = file ?? Path.Combine(_folder, "faas.db");
        Store = new SqliteStore(
            new SqliteOptions { File = File, MaxBytes = maxBytes, UnreferencedBytes = unreferencedBytes }, FunctionLimits.Default,
            new StoreEnds(_deaths.Add, _stops.Add),
            NullLogger<SqliteStore>.Instance);
        Jobs = new SqliteJobStore(Store, TimeProvider.System);
        Lists = new SqliteJobLists(Store, TimeProvider.System);
        Users = new SqliteUserStore(Store);
        Functions = new SqliteFunctionStore(Store);
        Decisions = new SqliteDecisionStore(Store);
        Keys = new SqliteKeyStore(Store);
        Quotas = new SqliteQuotaStore(Store);
        Configs = new SqliteConfigStore(Store);
        Schedules = new SqliteScheduleStore(Store);
        Versions = new SqliteVersionStore(Store);
        Audit = new SqliteAuditStore(Store);
        Usage = new SqliteUsageStore(Store);
    }

    public string File { get; }

    public SqliteStore Store { get; }

    /// <summary>Why the process would have ended.</summary>
    public IReadOnlyList<string> Deaths => _deaths;

    /// <summary>Why the process would have stopped.</summary>
    public IReadOnlyList<string> Stops => _stops;

    public override IJobStore Jobs { get; }

    public override IJobLists Lists { get; }

    public override IUserStore Users { get; }

    public override IFunctionStore Functions { get; }

    public override IDecisionStore Decisions { get; }

    public override IKeyStore Keys { get; }

    public override IQuotaStore Quotas { get; }

    public override IConfigStore Configs { get; }

    public override IScheduleStore Schedules { get; }

    public override IVersionStore Versions { get; }

    public override IAuditStore Audit { get; }

    public override IUsageStore Usage { get; }

    public static string NewFolder() => Directory.CreateTempSubdirectory("faas-sqlite-").FullName;

    public override ValueTask DisposeAsync()
    {
        Store.Dispose();
        if (!_keepsFolder) Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
