using FaaS.Domain;
using MediatR;

namespace FaaS.Application.Queue.Remote;

/// <summary>
/// Stands in for the queue where it lives in another process: all waits of this process share one parked request, and
/// the news of many ends come in one answer. While two requests are under way, what is new waits for the next one.
/// </summary>
/// <param name="mediator">Forwards to the queue; not asked for before it is needed.</param>
/// <param name="plain">Forwards a single wait.</param>
/// <param name="time">Ends the waits.</param>
internal sealed class JobWatcher(
    Func<IMediator> mediator, IRequestHandler<WaitJob, Result<JobProgress>> plain, TimeProvider time)
    : IRequestHandler<WaitJob, Result<JobProgress>>
{
    private const int UnderWayMax = 2;
    private const int PollMs = 20_000;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly Guid _watcher = Guid.NewGuid();
    private readonly Lock _gate = new();
    private readonly Dictionary<long, Watched> _open = [];
    private readonly Queue<Watched> _new = new();
    private readonly Queue<long> _dropped = new();
    private long _number;
    private int _underWay;
    private long _asked;
    private bool _pausing;
    private TimeSpan _pause = FirstPause;

    /// <summary>Null while the queue answers.</summary>
    private Error? _failure;

    public async Task<Result<JobProgress>> Handle(WaitJob request, CancellationToken cancellationToken)
    {
        if (request.WaitMs <= 0) return await plain.Handle(request, cancellationToken).ConfigureAwait(false);
        var watched = new Watched(Interlocked.Increment(ref _number), request);
        lock (_gate)
        {
            _open.Add(watched.Number, watched);
            _new.Enqueue(watched);
        }
        Ask();
        try
        {
            return await watched.Task
                .WaitAsync(TimeSpan.FromMilliseconds(request.WaitMs), time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return Volatile.Read(ref _failure) is { } failure ? failure : new JobProgress(true, null);
        }
        finally
        {
            Forget(watched);
        }
    }

    private void Forget(Watched watched)
    {
        lock (_gate)
        {
            // What is never dropped goes by itself after a minute: no need to remember more than one request takes.
            if (_open.Remove(watched.Number) && _dropped.Count < JobWatches.NamedMax) _dropped.Enqueue(watched.Number);
        }
    }

    /// <summary>Asks if there is anything to ask.</summary>
    private void Ask()
    {
        WatchJobs request;
        long turn;
        lock (_gate)
        {
            if (_pausing || _underWay >= UnderWayMax || (_underWay > 0 ? _new.Count : _open.Count) == 0) return;
            request = new WatchJobs(_watcher, TakeNew(), TakeDropped(), PollMs);
            _underWay++;
            turn = ++_asked;
        }
        // Elsewhere and without the caller's context: whoever waits first is not to pay for the rest, nor to lend all
        // later requests its trace.
        using (ExecutionContext.SuppressFlow()) _ = Task.Run(() => AskAsync(request, turn));
    }

    private List<JobToWatch> TakeNew()
    {
        var named = new List<JobToWatch>(Math.Min(_new.Count, JobWatches.NamedMax));
        while (named.Count < JobWatches.NamedMax && _new.TryDequeue(out var watched))
            if (_open.ContainsKey(watched.Number)) named.Add(new JobToWatch(watched.Number, watched.Request.Id));
        return named;
    }

    private long[] TakeDropped()
    {
        long[] dropped = [.. _dropped];
        _dropped.Clear();
        return dropped;
    }

    private async Task AskAsync(WatchJobs request, long turn)
    {
        var asked = time.GetTimestamp();
        Result<WatchedJobs> answer;
        try
        {
            answer = await mediator().Send(request, CancellationToken.None).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The loop's top: whatever it is, the next try finds out whether it lasts.
        catch (Exception error)
#pragma warning restore CA1031
        {
            answer = new Error(ErrorCode.Unavailable, $"The queue could not be asked ({error.Message}).", 1);
        }
        lock (_gate)
        {
            _underWay--;
            if (answer.IsOk)
                Tell(answer.Value, turn == _asked && answer.Value.Replaced != true && time.GetElapsedTime(asked) < FirstPause);
            else NameAllAgain(answer.Error);
        }
        Ask();
    }

    /// <param name="answer">What the queue says.</param>
    /// <param name="atOnce">
    /// Whether it said it at once, and to the newest request, for its own sake: one of two is answered with nothing when the
    /// other comes, and its answer may arrive last.
    /// </param>
    private void Tell(WatchedJobs answer, bool atOnce)
    {
        _failure = null;
        foreach (var job in answer.Jobs)
            if (_open.Remove(job.Number, out var watched)) watched.TrySetResult(new JobProgress(job.Known, job.End));
        if (answer.Jobs.Count > 0) _pause = FirstPause;
        // A queue that drains answers at once with nothing.
        else if (atOnce) Pause();
    }

    /// <summary>It may have another process, which knows nothing of what this one watches.</summary>
    private void NameAllAgain(Error failure)
    {
        _failure = failure;
        _new.Clear();
        foreach (var watched in _open.Values) _new.Enqueue(watched);
        Pause();
    }

    private void Pause()
    {
        if (_pausing) return;
        _pausing = true;
        var pause = _pause;
        _pause = TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, LongestPause.Ticks));
        _ = GoOnAsync(pause);
    }

    private async Task GoOnAsync(TimeSpan pause)
    {
        await Task.Delay(pause, time, CancellationToken.None).ConfigureAwait(false);
        lock (_gate) _pausing = false;
        Ask();
    }

    /// <summary>One who waits.</summary>
    private sealed class Watched(long number, WaitJob request)
        : TaskCompletionSource<Result<JobProgress>>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public long Number => number;

        public WaitJob Request => request;
    }
}
