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

    public void Apply(int memoryMiB)
    {
        if (_currentMiB == memoryMiB) return;
        if (memoryMiB < _currentMiB) GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        Set(memoryMiB);
        try
        {
            GC.RefreshMemoryLimit();
            _currentMiB = memoryMiB;
        }
        catch (InvalidOperationException)
        {
            // More than that is committed already and cannot be given back. The old limit stays; the agent, which
            // watches the resident size, applies the new one.
            Set(_currentMiB);
        }
    }

    private static void Set(int memoryMiB) =>
        AppContext.SetData("GCHeapHardLimit", (ulong)(memoryMiB + OwnMiB) << 20);
}
