using FaaS.Infrastructure.Fleet.Processes;
using Microsoft.Extensions.Time.Testing;

namespace FaaS.Infrastructure.Tests.Fleet.Processes;

public sealed class StartBackoffTests
{
    private static readonly TimeSpan Min = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Max = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider _time = new();
    private readonly StartBackoff _backoff;

    public StartBackoffTests() => _backoff = new StartBackoff(Min, Max, _time);

    [Fact]
    public void Allows_BeforeAnyFailure_AsManyAsOneLikes() => _backoff.Allows([0, 0, 0]).Should().BeTrue();

    [Fact]
    public void Failed_InARow_DoublesThePauseUpToTheLongest()
    {
        var pauses = new List<double>();

        for (var failure = 0; failure < 5; failure++)
        {
            _backoff.Failed(_time.GetTimestamp()).Should().BeTrue();
            pauses.Add(_backoff.Pause.TotalSeconds);
            _time.Advance(_backoff.Pause - TimeSpan.FromMilliseconds(1));
            _backoff.Allows([]).Should().BeFalse();
            _time.Advance(TimeSpan.FromMilliseconds(1));
            _backoff.Allows([]).Should().BeTrue();
        }

        pauses.Should().Equal(1, 2, 4, 5, 5);
    }

    [Fact]
    public void Failed_ByABatch_CountsOnce()
    {
        var startedAt = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromMilliseconds(100));

        bool[] counts = [_backoff.Failed(startedAt), _backoff.Failed(startedAt), _backoff.Failed(startedAt)];

        counts.Should().Equal(true, false, false);
        _backoff.Failures.Should().Be(1);
    }

    [Fact]
    public void Allows_AfterThePause_OneAloneUntilItIsReady()
    {
        var slow = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromMilliseconds(100));
        _backoff.Failed(slow);
        _time.Advance(Min);
        var probe = _time.GetTimestamp();

        _backoff.Allows([slow]).Should().BeTrue("one from before the failure says nothing");
        _backoff.Allows([slow, probe]).Should().BeFalse();
        _backoff.Ready(slow);
        _backoff.Allows([probe]).Should().BeFalse();
        _backoff.Ready(probe);
        _backoff.Allows([probe]).Should().BeTrue();
    }

    [Fact]
    public void Failed_AfterOneWasOnlyReady_GoesOnWithTheRow_AndAfterOneSettled_BeginsAnew()
    {
        _backoff.Failed(_time.GetTimestamp());
        _time.Advance(Min);
        var second = _time.GetTimestamp();
        _backoff.Ready(second);

        _backoff.Failed(second);
        _backoff.Pause.Should().Be(2 * Min);
        _time.Advance(2 * Min);
        var third = _time.GetTimestamp();
        _backoff.Ready(third);
        _backoff.Settled(third);
        _backoff.Failed(third);

        _backoff.Pause.Should().Be(Min);
    }
}
