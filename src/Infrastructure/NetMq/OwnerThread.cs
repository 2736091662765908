using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using NetMQ;

namespace FaaS.Infrastructure.NetMq;

/// <summary>What an <see cref="OwnerThread"/> does. All of it happens on that thread.</summary>
internal interface ISocketWork
{
    /// <summary>The socket to wake up for; null while there is none.</summary>
    NetMQSocket? Socket { get; }

    /// <summary>Whether others have posted something that is not taken yet.</summary>
    bool HasPosts { get; }

    /// <summary>Messages received and posts taken so far.</summary>
    long Moved { get; }

    /// <summary>Receives, sends and looks at the clock, each up to a cap.</summary>
    /// <returns>How many ms the thread may sleep when nothing happens.</returns>
    int Pass(long nowMs);

    /// <summary>Disposes the socket.</summary>
    void Close();
}

/// <summary>
/// The one thread that may touch a socket. Others post to a queue of the work's own and call <see cref="Wake"/>, which
/// costs a system call only while the thread sleeps.
/// </summary>
internal sealed class OwnerThread : IDisposable
{
    private const int PauseAfterErrorMs = 10;

    /// <summary>
    /// Passes that find nothing before the thread sleeps. Where messages follow one another closely this saves most of
    /// the sleeping and waking, which cost more than a look; an idle thread has looked for about 0.1 ms in vain.
    /// </summary>
    private const int LooksBeforeSleep = 20;

    private readonly ISocketWork _work;
    private readonly ILogger _log;
    private readonly Thread _thread;
    private readonly Socket _waker;
    private readonly Socket _wakened;
    private readonly NetMQSelector _selector = new();
    private readonly NetMQSelector.Item[] _items = new NetMQSelector.Item[2];
    private readonly byte[] _one = new byte[1];
    private int _sleeps;
    private long _moved;
    private int _looks;
    private volatile bool _stops;

    public OwnerThread(ISocketWork work, string name, ILogger log)
    {
        _work = work;
        _log = log;
        (_waker, _wakened) = Pair();
        _items[0] = new NetMQSelector.Item(_wakened, PollEvents.PollIn);
        _thread = new Thread(Run) { Name = name, IsBackground = true };
    }

    public static long NowMs => Environment.TickCount64;

    public void Start() => _thread.Start();

    public void Wake()
    {
        // The post before this must be visible to a thread that falls asleep after it.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _sleeps) == 0 || Interlocked.Exchange(ref _sleeps, 0) == 0) return;
        Span<byte> one = [1];
        try
        {
            _waker.Send(one);
        }
        catch (ObjectDisposedException)
        {
            // The thread has ended; whoever posts looks whether it has.
        }
    }

    /// <summary>Ends the thread after its current pass, and waits for that.</summary>
    public void Stop()
    {
        _stops = true;
        Wake();
        if (_thread.IsAlive && Thread.CurrentThread != _thread) _thread.Join();
    }

    public void Dispose()
    {
        Stop();
        _waker.Dispose();
        _wakened.Dispose();
    }

    private void Run()
    {
        try
        {
            while (!_stops) Turn();
        }
        finally
        {
            _work.Close();
        }
    }

    private void Turn()
    {
        try
        {
            var wait = _work.Pass(NowMs);
            if (_work.Moved != _moved) (_moved, _looks) = (_work.Moved, 0);
            if (wait == 0) return;
            if (++_looks < LooksBeforeSleep) Thread.Yield();
            else Sleep(wait);
        }
        // The top of the loop: ROUTER throws here when a peer claims the identity it was about to give to another.
        catch (Exception error)
        {
            NetMqLog.PassFailed(_log, error);
            _wakened.Poll(PauseAfterErrorMs * 1000, SelectMode.SelectRead);
        }
    }

    private void Sleep(int waitMs)
    {
        Interlocked.Exchange(ref _sleeps, 1);
        try
        {
            if (_work.HasPosts || _stops) return;
            var count = 1;
            if (_work.Socket is { } socket)
            {
                if (_items[1]?.Socket != socket) _items[1] = new NetMQSelector.Item(socket, PollEvents.PollIn);
                count = 2;
            }
            _selector.Select(_items, count, waitMs);
        }
        finally
        {
            // Somebody who took the flag back has sent one byte, or is about to.
            if (Interlocked.Exchange(ref _sleeps, 0) == 0)
                _wakened.Receive(_one);
        }
    }

    private static (Socket, Socket) Pair()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var waker = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        waker.Connect(listener.LocalEndPoint!);
        var wakened = listener.Accept();
        // Somebody else on this machine may have been quicker to connect.
        if (!Equals(wakened.RemoteEndPoint, waker.LocalEndPoint))
            throw new IOException("The loopback connection that wakes a socket's thread was taken by somebody else.");
        return (waker, wakened);
    }
}
