using System.Buffers;
using System.IO.Pipelines;
using FaaS.Domain;
using FaaS.Infrastructure.Http.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace FaaS.Infrastructure.Http;

/// <summary>
/// Reads request bodies, whatever they call themselves, up to a limit and not a byte beyond. When the platform is told
/// to stop, those under way have a moment to arrive: what stops after the frontend waits for the slowest of them.
/// </summary>
internal sealed class Uploads : IDisposable
{
    private readonly Gate _gate;
    private readonly CancellationTokenSource _over;
    private readonly CancellationTokenRegistration _stopping;

    public Uploads(IHostApplicationLifetime lifetime, IOptions<HttpOptions> options, Gate gate, TimeProvider time)
    {
        _gate = gate;
        var patience = options.Value.UploadPatience;
        _over = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _stopping = lifetime.ApplicationStopping.Register(() => _over.CancelAfter(patience));
    }

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>
    /// The whole body; <see cref="ErrorCode.TooLarge"/> as soon as it is known to be over the limit;
    /// <see cref="ErrorCode.Unavailable"/> when the platform stops before it is here. One that had to be waited for may have
    /// taken minutes: then its sender is asked for anew.
    /// </summary>
    public async ValueTask<Result<byte[]>> ReadAsync(HttpContext http, int limit, string what)
    {
        if (http.Request.ContentLength is { } announced && announced > limit) return TooLarge(what, limit);
        var reader = http.Request.BodyReader;
        var isLate = false;
        while (true)
        {
            var pending = reader.ReadAsync(http.RequestAborted);
            isLate |= !pending.IsCompleted;
            var read = await WatchAsync(pending, reader).ConfigureAwait(false);
            if (read.IsCanceled)
            {
                reader.AdvanceTo(read.Buffer.Start);
                return new Error(ErrorCode.Unavailable, "The platform stops; send the request again in a moment.");
            }
            if (read.Buffer.Length > limit)
            {
                reader.AdvanceTo(read.Buffer.Start);
                return TooLarge(what, limit);
            }
            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                if (isLate && await _gate.CheckAsync(http).ConfigureAwait(false) is { } refusal) return refusal;
                return body.AsSpan().StartsWith(ByteOrderMark) ? body[ByteOrderMark.Length..] : body;
            }
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _over.Dispose();
    }

    /// <summary>Most bodies are here with their head: only a read that has to wait is watched.</summary>
    private async ValueTask<ReadResult> WatchAsync(ValueTask<ReadResult> read, PipeReader reader)
    {
        if (read.IsCompleted) return await read.ConfigureAwait(false);
        using var over = _over.Token.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), reader);
        return await read.ConfigureAwait(false);
    }

    private static Error TooLarge(string what, int limit) =>
        new(ErrorCode.TooLarge, $"The {what} may have {limit} bytes at most; send less.");
}
