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
        AppContext.SetData("GCHeapHardLimit", (ulong)(memoryMiB + OwnMiB) << 20);
        GC.RefreshMemoryLimit();
        _currentMiB = memoryMiB;
    }
}
