using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;

namespace FaaS.Infrastructure.Sandbox.Agent;

/// <summary>What an assignment asks of a child.</summary>
/// <param name="User">Whose code, by name.</param>
/// <param name="Owner">Whose code, by generation; null for a check.</param>
/// <param name="Hash">A child that has this source compiled is preferred.</param>
internal readonly record struct ChildWant(string User, long? Owner, SourceHash? Hash)
{
    /// <summary>A check does not count against the slots.</summary>
    public bool IsCheck => Owner is null;

    /// <summary>
    /// Whose code a child has run once it has done this. A check runs a source too; it knows whose by name alone, which whoever
    /// is registered under it next would share, so its child is for checks of that name and for no run.
    /// </summary>
    public (string User, long? Owner) Tenant => (User, Owner);
}

/// <summary>A child to work with, or why there is none.</summary>
/// <param name="Child">The child.</param>
/// <param name="Refusal">What comes of the assignment without one.</param>
/// <param name="Detail">A sentence that says why.</param>
/// <param name="RetryAfterSeconds">When to ask again; null when nothing was too much.</param>
internal readonly record struct Lease(
    ChildProcess? Child, Outcome Refusal = default, string? Detail = null, int? RetryAfterSeconds = null);

/// <summary>Somebody who waits for a child.</summary>
/// <param name="want">What for.</param>
/// <param name="since">Since when, on the pool's clock.</param>
internal sealed class Waiter(ChildWant want, long since)
{
    private readonly TaskCompletionSource<Lease> _lease = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ChildWant Want { get; } = want;

    public long Since { get; } = since;

    public void Grant(ChildProcess child) => _lease.TrySetResult(new Lease(child));

    public void Refuse(Outcome outcome, string detail) => _lease.TrySetResult(new Lease(null, outcome, detail));

    /// <summary>Waits for a child, until stopped.</summary>
    /// <param name="abandon">Takes this out of the line; false when it has been served already.</param>
    /// <param name="stop">Ends the wait.</param>
    public async Task<Lease> WaitAsync(Func<Waiter, bool> abandon, CancellationToken stop)
    {
        await using CancellationTokenRegistration cancelled = stop.UnsafeRegister(
            _ =>
            {
                if (abandon(this)) Refuse(Outcome.Cancelled, "");
            },
            null);
        return await _lease.Task;
    }
}
