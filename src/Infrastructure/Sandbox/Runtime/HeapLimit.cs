namespace FaaS.Infrastructure.Sandbox.Runtime;

/// <summary>
/// The process's managed heap limit, changed from one run to the next. Past it an allocation throws
/// <see cref="OutOfMemoryException"/>, also inside a native function that no engine limit interrupts.
/// </summary>
internal sealed class HeapLimit
{
    /// <summary>What the runtime itself, Jint and the compiled scripts hold, beside what a function may.</summary>
    private const int OwnMiB = 24;

    private int _currentMiB;
    private int _collections;

    public void Apply(int memoryMiB)
    {
        if (_currentMiB == memoryMiB) return;
        if (!TrySet(memoryMiB))
        {
            // An earlier run left more than that committed.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

            // Should even that not help, the old limit stays, and the agent, which watches the resident size, applies
            // the new one.
            if (!TrySet(memoryMiB)) return;
        }

        _currentMiB = memoryMiB;
    }

    /// <summary>
    /// Between two runs: gives back to the system what the last one took. Memory that is free but still committed counts
    /// against the limit, so that the next run, perhaps another tenant's, could meet its own limit for what it never had.
    /// </summary>
    public void Release()
    {
        // Most runs are too small for a single collection; then there is nothing new to know.
        if (_collections == GC.CollectionCount(0)) return;
        if (GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes > (long)(OwnMiB + _currentMiB / 2) << 20)
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        _collections = GC.CollectionCount(0);
    }

    private static bool TrySet(int memoryMiB)
    {
        AppContext.SetData("GCHeapHardLimit", (ulong)(memoryMiB + OwnMiB) << 20);
        try
        {
            GC.RefreshMemoryLimit();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
