namespace FaaS.Infrastructure.Sandbox.Agent;

/// <summary>
/// One thread that looks at all children every few milliseconds while any of them is busy, and sleeps otherwise, so
/// that an idle agent uses no CPU and a busy one does not have to set a timer for each run.
/// </summary>
internal sealed class Watchdog : IDisposable
{
    private const int TickMs = 20;

    /// <summary>Ticks without work before it goes to sleep: waking it costs more than a second of ticks.</summary>
    private const int IdleTicksMax = 100;

    private readonly Func<bool> _inspect;
    private readonly AutoResetEvent _signal = new(initialState: false);
    private readonly Thread _thread;
    private volatile bool _isAwake;
    private volatile bool _isStopped;

    /// <param name="inspect">Looks at everything; answers whether there is anything to watch.</param>
    public Watchdog(Func<bool> inspect)
    {
        _inspect = inspect;
        _thread = new Thread(Watch) { IsBackground = true, Name = "sandbox watchdog" };
        _thread.Start();
    }

    /// <summary>Something is there to be watched. Cheap while the thread is awake.</summary>
    public void Nudge()
    {
        if (_isAwake) return;
        _isAwake = true;
        _signal.Set();
    }

    public void Dispose()
    {
        _isStopped = true;
        _signal.Set();
        _thread.Join();
        _signal.Dispose();
    }

    private void Watch()
    {
        int idleTicks = 0;
        while (!_isStopped)
        {
            idleTicks = _inspect() ? 0 : idleTicks + 1;
            if (idleTicks < IdleTicksMax)
            {
                _signal.WaitOne(TickMs);
                continue;
            }

            // Whoever nudges after this line sets the signal; whoever did before it is seen by one more look.
            _isAwake = false;
            idleTicks = 0;
            if (!_inspect()) _signal.WaitOne();
            _isAwake = true;
        }
    }
}
