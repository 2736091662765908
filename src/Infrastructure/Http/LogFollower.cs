using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using MediatR;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace FaaS.Infrastructure.Http;

/// <summary>
/// Streams a job's log lines, one JSON object a line, as they are written, until the job has ended. While it runs they come from
/// the queue; when it has ended the rest comes from the store, which has all of them, so whatever was missed in between, be it a
/// restart of the queue, is only late. The next lines are asked for when the client has taken the last ones.
/// </summary>
internal sealed class LogFollower(IMediator mediator, IHostApplicationLifetime lifetime, TimeProvider time)
{
    private const int WaitMs = 15_000, FollowersMax = 2_000;

    private static readonly TimeSpan OutagePause = TimeSpan.FromMilliseconds(500);

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private int _followers;

    public async Task AnswerAsync(HttpContext http, JobId id)
    {
        var found = await mediator.Send(new FindJob(id, JobParts.None), http.RequestAborted).ConfigureAwait(false);
        if (!found.IsOk)
        {
            await Answers.Fail(http, found.Error).ConfigureAwait(false);
            return;
        }
        if (Interlocked.Increment(ref _followers) > FollowersMax)
        {
            Interlocked.Decrement(ref _followers);
            await Answers.Fail(http, new Error(
                ErrorCode.Unavailable, "Too many logs are being followed; try again in a moment.", 5)).ConfigureAwait(false);
            return;
        }
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            http.Response.StatusCode = StatusCodes.Status200OK;
            http.Response.ContentType = "application/x-ndjson; charset=utf-8";
            // A proxy that gathers an answer would make it late.
            http.Response.Headers["X-Accel-Buffering"] = "no";
            http.Response.Headers.CacheControl = "no-store";
            await http.Response.BodyWriter.FlushAsync(end.Token).ConfigureAwait(false);
            await FollowAsync(http, id, end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The client has gone, or the platform goes: what the client has is whole lines.
        }
        finally
        {
            Interlocked.Decrement(ref _followers);
        }
    }

    private async Task FollowAsync(HttpContext http, JobId id, CancellationToken cancellation)
    {
        var (attempt, from) = (0, 0);
        while (true)
        {
            var some = await mediator.Send(new FollowLogs(id, attempt, from, WaitMs), cancellation).ConfigureAwait(false);
            if (!some.IsOk || !some.Value.Known)
            {
                if (await WriteRestAsync(http, id, attempt, from, cancellation).ConfigureAwait(false)) return;
                await Task.Delay(OutagePause, time, cancellation).ConfigureAwait(false);
                continue;
            }
            // An empty line now and then keeps the connection from being taken for dead.
            if (some.Value.Bytes.Length == 0) http.Response.BodyWriter.Write("\n"u8);
            else WriteLines(http, some.Value.Bytes);
            (attempt, from) = (some.Value.Attempt, some.Value.From + some.Value.Bytes.Length);
            await http.Response.BodyWriter.FlushAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>What has not been written yet of a job that has ended; false when it has not.</summary>
    private async Task<bool> WriteRestAsync(HttpContext http, JobId id, int attempt, int from, CancellationToken cancellation)
    {
        var job = await mediator.Send(new FindJob(id, JobParts.Logs), cancellation).ConfigureAwait(false);
        // Deleted while it was followed: there is nothing more to come.
        if (!job.IsOk) return job.Error.Code == ErrorCode.JobNotFound;
        if (!job.Value.State.IsTerminal()) return false;
        // Without the brackets around all; of another attempt than was followed, everything.
        var logs = job.Value.Logs is { Length: > 2 } all ? all.AsMemory(1, all.Length - 2) : default;
        var written = attempt == job.Value.Counts.Ended ? Math.Min(from, logs.Length) : 0;
        WriteLines(http, logs.Span[written..]);
        await http.Response.BodyWriter.FlushAsync(cancellation).ConfigureAwait(false);
        return true;
    }

    /// <summary>
    /// Writes each object as a line of its own. A sandbox made them, which is not trusted: what cannot be read is left out.
    /// </summary>
    private static void WriteLines(HttpContext http, ReadOnlySpan<byte> objects)
    {
        var text = objects.TrimStart((byte)',');
        if (text.IsEmpty) return;
        byte[] list = [(byte)'[', .. text, (byte)']'];
        try
        {
            using var document = JsonDocument.Parse(list);
            foreach (var line in document.RootElement.EnumerateArray())
            {
                using (var json = new Utf8JsonWriter(http.Response.BodyWriter, Json)) line.WriteTo(json);
                http.Response.BodyWriter.Write("\n"u8);
            }
        }
        catch (JsonException)
        {
            // Nothing of it.
        }
    }
}
