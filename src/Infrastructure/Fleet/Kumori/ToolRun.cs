using System.Buffers;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace FaaS.Infrastructure.Fleet.Kumori;

/// <summary>How a run of the tool ended.</summary>
internal enum ToolEnd
{
    /// <summary>By itself.</summary>
    Exited,

    /// <summary>It took too long and was killed.</summary>
    TimedOut,

    /// <summary>It wrote too much and was killed.</summary>
    WroteTooMuch,

    /// <summary>It could not be started.</summary>
    NotStarted,
}

/// <summary>What came of a run.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Code">Its exit code, where it ended by itself.</param>
/// <param name="Output">What it wrote to its standard output; or why it could not be started.</param>
/// <param name="Errors">What it wrote to its standard error.</param>
internal sealed record ToolResult(ToolEnd End, int Code, string Output, string Errors)
{
    /// <summary>All that it wrote.</summary>
    public string All => $"{Output}\n{Errors}";
}

/// <summary>
/// One run of a program: bounded in time and output, and killed with all that it started when it exceeds either. It can
/// be given one line of input, at once or when it asks for it.
/// </summary>
internal sealed class ToolRun(ProcessStartInfo start, TimeSpan timeout, int outputBytesMax)
{
    /// <summary>How long what the tool has left behind may keep its output open, and a killed one may take to be gone.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly ArrayBufferWriter<byte> _errors = new();
    private int _given;
    private bool _isFull;

    /// <summary>The line of input; where there is none, the input is at its end from the start.</summary>
    public string? Line { get; init; }

    /// <summary>What the tool writes before it is given the line; null: it is given it at once.</summary>
    public string? Prompt { get; init; }

    /// <summary>Runs it to its end.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled; the tool is killed.</exception>
    public async Task<ToolResult> RunAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        Process? process;
        try
        {
            process = Process.Start(start);
        }
        catch (Win32Exception error)
        {
            return new ToolResult(ToolEnd.NotStarted, 0, error.Message, "");
        }
        using (process)
        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        {
            stop.CancelAfter(timeout);
            return await RunAsync(process!, stop, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<ToolResult> RunAsync(Process process, CancellationTokenSource stop, CancellationToken cancellationToken)
    {
        var reading = Task.WhenAll(
            ReadAsync(process.StandardOutput.BaseStream, _output, process.StandardInput, stop),
            ReadAsync(process.StandardError.BaseStream, _errors, process.StandardInput, stop));
        try
        {
            if (Prompt is null) Give(process.StandardInput);
            await process.WaitForExitAsync(stop.Token).ConfigureAwait(false);
            await reading.WaitAsync(LastWords, stop.Token).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It has ended; something that it started has not, and holds its output.
            await stop.CancelAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await KillAsync(process).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            return Result(_isFull ? ToolEnd.WroteTooMuch : ToolEnd.TimedOut, 0);
        }
        return Result(ToolEnd.Exited, process.ExitCode);
    }

    private ToolResult Result(ToolEnd end, int code) => new(end, code, Text(_output), Text(_errors));

    private async Task ReadAsync(Stream stream, ArrayBufferWriter<byte> kept, StreamWriter input, CancellationTokenSource stop)
    {
        var buffer = new byte[4_096];
        try
        {
            while (await stream.ReadAsync(buffer, stop.Token).ConfigureAwait(false) is var read and > 0)
                if (!Keep(kept, buffer.AsSpan(0, read)))
                    await stop.CancelAsync().ConfigureAwait(false);
                else if (Prompt is { } prompt && Text(kept, 2 * buffer.Length).Contains(prompt, StringComparison.OrdinalIgnoreCase))
                    Give(input);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // It is being killed, or has ended.
        }
    }

    /// <returns>Whether there was room for it.</returns>
    private bool Keep(ArrayBufferWriter<byte> kept, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (_output.WrittenCount + _errors.WrittenCount + bytes.Length <= outputBytesMax) kept.Write(bytes);
            else _isFull = true;
            return !_isFull;
        }
    }

    /// <summary>Gives the line once, and ends the input, so that a second question ends the tool and not our patience.</summary>
    private void Give(StreamWriter input)
    {
        if (Interlocked.Exchange(ref _given, 1) == 1) return;
        try
        {
            if (Line is not null) input.Write(Line + "\n");
            input.Close();
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // It has ended without reading it.
        }
    }

    private static async Task KillAsync(Process process)
    {
        try
        {
            ProcessTree.Kill(process);
            await process.WaitForExitAsync(CancellationToken.None).WaitAsync(LastWords, CancellationToken.None)
                .ConfigureAwait(false);
        }
        catch (Exception error) when (
            error is InvalidOperationException or Win32Exception or AggregateException or TimeoutException)
        {
            // It ended meanwhile, or it may not be killed: there is nothing more that we could do.
        }
    }

    /// <summary>What was written, or the last of it.</summary>
    private string Text(ArrayBufferWriter<byte> kept, int bytesMax = int.MaxValue)
    {
        lock (_gate) return Encoding.UTF8.GetString(kept.WrittenSpan[Math.Max(0, kept.WrittenCount - bytesMax)..]);
    }
}
