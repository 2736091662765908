using FaaS.Application.Db;

namespace FaaS.Tests.Shared.Stores;

/// <summary>The four ports over one empty store. Disposing it leaves nothing behind.</summary>
public abstract class OpenStores : IAsyncDisposable
{
    /// <summary>Jobs.</summary>
    public abstract IJobStore Jobs { get; }

    /// <summary>Users.</summary>
    public abstract IUserStore Users { get; }

    /// <summary>Functions.</summary>
    public abstract IFunctionStore Functions { get; }

    /// <summary>Decisions.</summary>
    public abstract IDecisionStore Decisions { get; }

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
