using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Access;
using FaaS.Domain.Users;
using MediatR;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace FaaS.Infrastructure.Http.Access;

/// <summary>
/// Tells Db who was not let to what needs the admin key or a user's scope <c>admin</c>, within seconds. Anybody can be
/// refused without end, so only some have an entry of their own, and the others are counted: strangers and holders of
/// keys apart, so that the ones do not hide the others.
/// </summary>
internal sealed class RefusalLog(IMediator mediator, TimeProvider time) : BackgroundService
{
    private const int PendingMax = 1_000;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly List<AccessRefusal> _pending = [];
    private readonly RefusalBucket _strangers = new();
    private readonly RefusalBucket _keyHolders = new();

    /// <summary>Notes a refusal, if its route is one of those.</summary>
    public void Note(HttpContext http, Error refusal)
    {
        if (http.GetEndpoint() is not RouteEndpoint route || !Need.Of(route).IsAudited
            || refusal.Code is not (ErrorCode.Unauthorized or ErrorCode.Forbidden or ErrorCode.UserNotFound)) return;
        var user = http.Request.RouteValues.GetValueOrDefault("user") as string ?? "";
        var pattern = $"{http.Request.Method} {route.RoutePattern.RawText}";
        Note(new AccessRefusal(
            Origins.OfRefused(http), time.GetUtcNow().ToUnixTimeMilliseconds(),
            pattern[..Math.Min(pattern.Length, AuditLimits.RequestCharsMax)], Names.IsUser(user) ? user : "",
            refusal.Code.Word(), 0));
    }

    /// <summary>Notes a refusal.</summary>
    internal void Note(AccessRefusal refusal)
    {
        lock (_gate)
        {
            var bucket = refusal.By.Actor == Origin.Nobody ? _strangers : _keyHolders;
            if (bucket.Take(refusal, NowUs(), mayTake: _pending.Count < PendingMax) is { } told) _pending.Add(told);
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        await TellAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Tells what is noted; what Db does not take is told the next time.</summary>
    internal async Task TellAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var refusals = Next();
            if (refusals.Length == 0) return;
            var told = await mediator.Send(new RecordRefusals(refusals), cancellation).ConfigureAwait(false);
            // What Db will never take must not hold up what it would.
            if (told.Error is { Code: not (ErrorCode.BadRequest or ErrorCode.InvalidName or ErrorCode.TooLarge) }) return;
            lock (_gate) _pending.RemoveRange(0, refusals.Length);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
                await TellAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // What is left is told at the stop.
        }
    }

    private AccessRefusal[] Next()
    {
        lock (_gate)
        {
            if (_pending.Count == 0)
                foreach (var bucket in (RefusalBucket[])[_strangers, _keyHolders])
                    if (bucket.TakeMissed(NowUs()) is { } missed) _pending.Add(missed);
            return [.. _pending.Take(AuditLimits.RefusalsMax)];
        }
    }

    private long NowUs() => (long)time.GetElapsedTime(0).TotalMicroseconds;
}

/// <summary>A token bucket of refusals that counts those it has no token for.</summary>
internal sealed class RefusalBucket
{
    /// <summary>Refusals at once that have an entry of their own; then one in ten seconds.</summary>
    public const int Burst = 60;

    private const double PerSecond = 0.1;

    private TokenBucket _tokens;
    private int _missed;
    private AccessRefusal? _lastMissed;

    /// <summary>The refusal with those that were missed before it; null when it is missed itself.</summary>
    public AccessRefusal? Take(AccessRefusal refusal, long nowUs, bool mayTake)
    {
        if (mayTake && _tokens.Take(nowUs, PerSecond, Burst))
        {
            var told = refusal with { Missed = _missed };
            (_missed, _lastMissed) = (0, null);
            return told;
        }
        if (_missed < int.MaxValue) _missed++;
        _lastMissed = refusal;
        return null;
    }

    /// <summary>The last that was missed, with those before it, once there is a token; null when none was.</summary>
    public AccessRefusal? TakeMissed(long nowUs)
    {
        if (_lastMissed is not { } last || !_tokens.Take(nowUs, PerSecond, Burst)) return null;
        var told = last with { Missed = _missed - 1 };
        (_missed, _lastMissed) = (0, null);
        return told;
    }
}
