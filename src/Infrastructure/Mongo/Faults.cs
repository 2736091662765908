using FaaS.Domain;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>
/// What a failed call means for the one who asked. A write is only called certainly not written when it was never
/// sent; whatever was sent and not answered may still be applied, and is unknown.
/// </summary>
internal static class Faults
{
    /// <summary>Whether this is MongoDB or the way to it failing, rather than a defect of ours.</summary>
    public static bool Is(Exception error) =>
        error is MongoException or TimeoutException or IOException or System.Net.Sockets.SocketException;

    /// <summary>
    /// Whether the command never left this process: no server was found to send it to, or no connection. A connection
    /// that broke does not count, though it may have broken while it was opened: unknown is always a safe answer.
    /// </summary>
    public static bool IsUnsent(Exception error) =>
        error is TimeoutException or MongoConnectionPoolPausedException or MongoWaitQueueFullException
            or MongoAuthenticationException or MongoIncompatibleDriverException;

    public static Error OfWrite(Exception error, bool mayBeWritten) => mayBeWritten
        ? new Error(ErrorCode.OutcomeUnknown, $"MongoDB did not answer a write to its end ({Brief(error)}).", 1)
        : new Error(ErrorCode.NotDurable, $"MongoDB does not take writes ({Brief(error)}).", 1);

    public static Error OfRead(Exception error) =>
        new(ErrorCode.Unavailable, $"MongoDB does not answer ({Brief(error)}).", 1);

    /// <summary>The first line: the driver appends the whole state of its cluster to some messages.</summary>
    public static string Brief(Exception error)
    {
        var text = error.Message.AsSpan();
        var end = text.IndexOfAny('\n', '{');
        if (end >= 0) text = text[..end];
        return text.Length > 200 ? string.Concat(text[..200], "…") : text.TrimEnd().ToString();
    }
}

/// <summary>One call's writes, as far as they have come: what decides between not durable and unknown.</summary>
internal sealed class Writing
{
    private volatile bool _mayBeWritten;

    /// <summary>Whether anything of this call was written, or may have been.</summary>
    public bool MayBeWritten => _mayBeWritten;

    /// <summary>Sends one command that changes something.</summary>
    public async Task<T> SendAsync<T>(Func<Task<T>> command)
    {
        try
        {
            var answer = await command().ConfigureAwait(false);
            _mayBeWritten = true;
            return answer;
        }
        catch (Exception error) when (!Faults.IsUnsent(error))
        {
            _mayBeWritten = true;
            throw;
        }
    }
}
