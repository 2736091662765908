namespace FaaS.Infrastructure.Sandbox.Agent;

/// <summary>Which of the idle children is given to whom.</summary>
internal static class ChildChoice
{
    /// <summary>
    /// The child with the source compiled, else the one used last: the others may stay cold. Where children are their tenants'
    /// own, that is the tenant's or a fresh one; null when there is none.
    /// </summary>
    public static ChildProcess? Pick(List<ChildProcess> idle, ChildWant want, ChildReuse reuse)
    {
        ChildProcess? best = null;
        for (int i = idle.Count - 1; i >= 0; i--)
        {
            ChildProcess child = idle[i];
            bool isOwn = reuse == ChildReuse.Owner && child.LastTenant == want.Tenant;
            if (reuse == ChildReuse.Owner && !isOwn && child.LastTenant is not null) continue;
            if (want.Hash is { } hash && child.Sources.Holds(hash)) return child;
            if (best is null || (isOwn && best.LastTenant is null)) best = child;
        }

        return best;
    }
}
