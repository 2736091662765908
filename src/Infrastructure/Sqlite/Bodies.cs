using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>What a job was given, returned and wrote: inline, or as a reference to a payload.</summary>
internal static class Bodies
{
    /// <summary>Reads a body of the row <c>b</c>, wherever it is.</summary>
    public const string Arguments = "coalesce(b.arguments, " + PayloadOf + "b.arguments_payload))";

    /// <inheritdoc cref="Arguments"/>
    public const string Value = "coalesce(b.value, " + PayloadOf + "b.value_payload))";

    /// <inheritdoc cref="Arguments"/>
    public const string Logs = "coalesce(b.logs, " + PayloadOf + "b.logs_payload))";

    private const string PayloadOf =
        "(SELECT y.bytes FROM payloads p JOIN payload_bytes y ON y.number = p.number WHERE p.id = ";

    private const string Insert = "INSERT INTO bodies(seq, arguments, arguments_payload) VALUES (?, ?, ?)";

    private const string AddEnd =
        "UPDATE bodies SET value = ?, value_payload = ?, logs = ?, logs_payload = ? WHERE seq = ?";

    private const string SelectPayloads =
        "SELECT arguments_payload, value_payload, logs_payload FROM bodies WHERE seq = ?";

    /// <summary>Stores a new job's arguments; false when the payload it refers to is gone.</summary>
    public static bool Add(Statements statements, long sequence, Body arguments)
    {
        if (arguments.Stored is { } payload && !Payloads.Claim(statements, payload)) return false;
        statements[Insert].Bind(sequence)
            .Bind(arguments.Stored is null ? arguments.Inline ?? [] : null).Bind(arguments.Stored).Run();
        return true;
    }

    /// <summary>Stores what an end brought, if it brought anything.</summary>
    public static void AddResult(Statements statements, long sequence, Body value, Body logs)
    {
        if (value.IsEmpty && logs.IsEmpty) return;
        statements[AddEnd].Bind(Inline(value)).Bind(Claimed(statements, value))
            .Bind(Inline(logs)).Bind(Claimed(statements, logs)).Bind(sequence).Run();
    }

    /// <summary>Removes all of a job's bodies.</summary>
    public static void Drop(Statements statements, long sequence)
    {
        var statement = statements[SelectPayloads].Bind(sequence);
        if (!statement.Step()) return;
        var payloads = (statement.BlobOrNull(0), statement.BlobOrNull(1), statement.BlobOrNull(2));
        statement.Reset();
        if (payloads.Item1 is not null) Payloads.Release(statements, payloads.Item1);
        if (payloads.Item2 is not null) Payloads.Release(statements, payloads.Item2);
        if (payloads.Item3 is not null) Payloads.Release(statements, payloads.Item3);
        statements["DELETE FROM bodies WHERE seq = ?"].Bind(sequence).Run();
    }

    private static byte[]? Inline(Body body) => body.IsEmpty || body.Stored is not null ? null : body.Inline;

    /// <summary>A reference that was counted; none to a payload that is gone, for which no end is refused.</summary>
    private static Guid? Claimed(Statements statements, Body body) =>
        body.Stored is { } payload && Payloads.Claim(statements, payload) ? payload : null;
}
