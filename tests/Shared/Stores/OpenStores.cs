using FaaS.Application.Db;

namespace FaaS.Tests.Shared.Stores;

/// <summary>The ports over one empty store. Disposing it leaves nothing behind.</summary>
public abstract class OpenStores : IAsyncDisposable
{
    /// <summary>Jobs.</summary>
    public abstract IJobStore Jobs { get; }

    /// <summary>Lists of jobs.</summary>
    public abstract IJobLists Lists { get; }

    /// <summary>Users.</summary>
    public abstract IUserStore Users { get; }

    /// <summary>Functions.</summary>
    public abstract IFunctionStore Functions { get; }

    /// <summary>Decisions.</summary>
    public abstract IDecisionStore Decisions { get; }

    /// <summary>Keys.</summary>
    public abstract IKeyStore Keys { get; }

    /// <summary>Quotas.</summary>
    public abstract IQuotaStore Quotas { get; }

    /// <summary>What is configured for functions.</summary>
    public abstract IConfigStore Configs { get; }

    /// <summary>Versions of functions.</summary>
    public abstract IVersionStore Versions { get; }

    /// <summary>Schedules of functions.</summary>
    public abstract IScheduleStore Schedules { get; }

    /// <summary>The audit log.</summary>
    public abstract IAuditStore Audit { get; }

    /// <summary>What is used of them.</summary>
    public abstract IUsageStore Usage { get; }

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
