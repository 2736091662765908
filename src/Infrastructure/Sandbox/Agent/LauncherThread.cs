using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using FaaS.Infrastructure.Sandbox.Native;

namespace FaaS.Infrastructure.Sandbox.Agent;

/// <summary>
/// The thread that starts children. It has left the machine's network for a namespace of its own, which a process gets from
/// the thread that starts it: so a child is without a network from its first instruction, and the worker keeps its own.
/// </summary>
internal sealed class LauncherThread : IDisposable
{
    private readonly BlockingCollection<Action> _starts = [];
    private readonly Thread _thread;
    private string? _networkFault;

    public LauncherThread()
    {
        using var begun = new ManualResetEventSlim();
        _thread = new Thread(() => Serve(begun)) { IsBackground = true, Name = "sandbox launcher" };
        _thread.Start();
        begun.Wait();
    }

    /// <summary>Why it has the worker's network; null when it has none.</summary>
    public string? NetworkFault => _networkFault;

    /// <summary>Runs a start on the thread, and waits for it.</summary>
    public T Run<T>(Func<T> start)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _starts.Add(() =>
        {
            try
            {
                done.SetResult(start());
            }
            catch (Exception error)
            {
                done.SetException(error);
            }
        });
        return done.Task.GetAwaiter().GetResult();
    }

    public void Dispose()
    {
        _starts.CompleteAdding();
        _thread.Join();
        _starts.Dispose();
    }

    private void Serve(ManualResetEventSlim begun)
    {
        if (Syscalls.Unshare(Syscalls.NewNetwork) < 0)
            _networkFault = $"unshare failed ({Marshal.GetLastPInvokeErrorMessage()})";
        begun.Set();
        foreach (var start in _starts.GetConsumingEnumerable()) start();
    }
}
