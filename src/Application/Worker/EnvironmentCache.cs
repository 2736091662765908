using System.Buffers;
using System.Text.Json;
using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;
using MediatR;

namespace FaaS.Application.Worker;

/// <summary>What a run finds in <c>env</c>, and what is kept of it from those who read about the run.</summary>
/// <param name="Revision">The revision of the configuration it is of.</param>
/// <param name="Json">A JSON object of strings in UTF-8; empty for nothing.</param>
/// <param name="Redactor">Takes its secrets out.</param>
internal sealed record RunEnvironment(long Revision, byte[] Json, Redactor Redactor)
{
    /// <summary>Nothing.</summary>
    public static RunEnvironment None { get; } = new(0, [], Redactor.Idle);
}

/// <summary>
/// Environments by function, as read from Db. Each revision says other things and never changes; of a function the newest
/// one is kept.
/// </summary>
internal sealed class EnvironmentCache(IMediator mediator, int maxBytes)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, RunEnvironment> _environments = [];
    private readonly Queue<long> _order = new();
    private long _bytes;

    /// <summary>What the job's function finds, not older than the job's lease says.</summary>
    public ValueTask<Result<RunEnvironment>> ReadAsync(LeasedJob job, CancellationToken cancellation)
    {
        if (job.Binding.Policy is not { HasEnvironment: true } policy) return new(RunEnvironment.None);
        lock (_gate)
        {
            if (_environments.TryGetValue(job.Binding.FunctionId, out var known) && known.Revision >= policy.Revision)
                return new(known);
        }
        return new(FetchAsync(job, cancellation));
    }

    private async Task<Result<RunEnvironment>> FetchAsync(LeasedJob job, CancellationToken cancellation)
    {
        var read = await mediator.Send(new ReadEnvironment(job.Job, job.Token), cancellation).ConfigureAwait(false);
        if (!read.IsOk) return read.Error;
        var environment = new RunEnvironment(
            read.Value.Revision, ToJson([.. read.Value.Values, .. read.Value.Secrets]),
            new Redactor(read.Value.Secrets.Select(secret => secret.Value)));
        Keep(job.Binding.FunctionId, environment);
        return environment;
    }

    /// <summary>Keeps an environment; those that came first make room.</summary>
    private void Keep(long function, RunEnvironment environment)
    {
        lock (_gate)
        {
            if (_environments.TryGetValue(function, out var known))
            {
                if (known.Revision >= environment.Revision) return;
                _bytes -= known.Json.Length;
            }
            else
            {
                _order.Enqueue(function);
            }
            _environments[function] = environment;
            _bytes += environment.Json.Length;
            while (_bytes > maxBytes && _order.TryDequeue(out var oldest))
                if (_environments.Remove(oldest, out var gone)) _bytes -= gone.Json.Length;
        }
    }

    private static byte[] ToJson(IReadOnlyList<EnvironmentValue> values)
    {
        if (values.Count == 0) return [];
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            foreach (var value in values) json.WriteString(value.Name, value.Value);
            json.WriteEndObject();
        }
        return bytes.WrittenSpan.ToArray();
    }
}
