using FaaS.Domain.Scaling;

namespace FaaS.Domain.Tests.Scaling;

/// <summary>Samples as a queue with a given load would report them, one every five seconds.</summary>
internal sealed class SampleFeed
{
    private readonly List<ScalingSample> _samples = [];
    private ScalingSample _last = new(
        new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), 1, 0, 1, 0, 0, 0, 1, 2, 0, 0, 0, 0);

    public IReadOnlyList<ScalingSample> Samples => _samples;

    public DateTimeOffset Now => _last.At;

    /// <summary>Workers that run, with two slots each.</summary>
    public SampleFeed Workers(int workers, int starting = 0)
    {
        _last = _last with { Workers = workers, Starting = starting, ReadyWorkers = workers, Slots = 2 * workers };
        return this;
    }

    public SampleFeed With(Func<ScalingSample, ScalingSample> change)
    {
        _last = change(_last);
        return this;
    }

    /// <summary>Time passes with a flow of jobs that end as fast as they come, sampled at its end.</summary>
    public SampleFeed Flow(double perSecond, int serviceMs, double seconds = 5)
    {
        var jobs = (long)(perSecond * seconds);
        return Add(_last with
        {
            At = _last.At.AddSeconds(seconds), Arrived = _last.Arrived + jobs, Attempts = _last.Attempts + jobs,
            BusyMs = _last.BusyMs + (jobs * serviceMs),
        });
    }

    public SampleFeed Flows(int times, double perSecond, int serviceMs)
    {
        for (var at = 0; at < times; at++) Flow(perSecond, serviceMs);
        return this;
    }

    /// <summary>A sample that is what the last one was, but for what is changed.</summary>
    public SampleFeed Change(Func<ScalingSample, ScalingSample> change)
    {
        _samples[^1] = _last = change(_last);
        return this;
    }

    /// <summary>The queue restarts: its counters begin again.</summary>
    public SampleFeed Restart()
    {
        _last = _last with { Epoch = _last.Epoch + 1, Arrived = 0, Attempts = 0, BusyMs = 0, RunningMs = 0 };
        return this;
    }

    public SampleFeed Add(ScalingSample sample)
    {
        _last = sample;
        _samples.Add(sample);
        return this;
    }

    public ScalingDecision Decide(ScalingPolicy? policy = null) => (policy ?? new QueueDelayPolicy()).Decide(_samples, Now);
}
