namespace FaaS.Infrastructure.Sandbox.Protocol;

/// <summary>The bounds of one run, as the child applies them.</summary>
internal readonly record struct RunLimits(TimeSpan Timeout, int MemoryMiB, int ResultBytesMax, int LogBytesMax);

/// <summary>A <c>run</c> or <c>check</c> frame, taken apart; the spans are valid until the next read.</summary>
internal readonly ref struct RunFrame
{
    private const byte SourceAttached = 1;

    /// <summary>What a span of time can hold.</summary>
    private const long TimeoutUsMax = long.MaxValue / TimeSpan.TicksPerMicrosecond;

    public ushort Slot { get; private init; }

    public bool HasSource { get; private init; }

    public RunLimits Limits { get; private init; }

    /// <summary>Slots to forget, two bytes each.</summary>
    public ReadOnlySpan<byte> Evicted { get; private init; }

    public ReadOnlySpan<byte> Source { get; private init; }

    /// <summary>A JSON object of strings; empty for nothing.</summary>
    public ReadOnlySpan<byte> Environment { get; private init; }

    public ReadOnlySpan<byte> Arguments { get; private init; }

    public static RunFrame Parse(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        ushort slot = reader.UInt16();
        byte flags = reader.Byte();
        byte evictions = reader.Byte();
        int memory = reader.Int32();
        long timeout = reader.Int64();
        int resultBytes = reader.Int32();
        int logBytes = reader.Int32();
        int sourceLength = reader.Int32();
        int environmentLength = reader.Int32();
        ReadOnlySpan<byte> evicted = reader.Bytes(evictions * 2);
        ReadOnlySpan<byte> source = reader.Bytes(sourceLength);
        ReadOnlySpan<byte> environment = reader.Bytes(environmentLength);
        if (slot >= FrameLimits.Slots) throw new BadFrameException($"There is no slot {slot}.");
        if (timeout is < 1 or > TimeoutUsMax || memory < 0 || resultBytes < 0 || logBytes < 0)
            throw new BadFrameException("A run frame's limits are out of range.");
        return new RunFrame
        {
            Slot = slot,
            HasSource = (flags & SourceAttached) != 0,
            Limits = new RunLimits(TimeSpan.FromMicroseconds(timeout), memory, resultBytes, logBytes),
            Evicted = evicted,
            Source = source,
            Environment = environment,
            Arguments = reader.Rest(),
        };
    }

    public static ReadOnlySpan<byte> Write(
        FrameWriter writer, FrameKind kind, RunLimits limits, SlotGrant grant,
        ReadOnlySpan<byte> source, ReadOnlySpan<byte> arguments, ReadOnlySpan<byte> environment = default)
    {
        ReadOnlySpan<byte> attached = grant.SourceNeeded ? source : default;
        writer.Begin(kind)
            .UInt16(grant.Slot)
            .Byte(grant.SourceNeeded ? SourceAttached : (byte)0)
            .Byte((byte)grant.Evicted.Count)
            .Int32(limits.MemoryMiB)
            .Int64(limits.Timeout.Ticks / TimeSpan.TicksPerMicrosecond)
            .Int32(limits.ResultBytesMax)
            .Int32(limits.LogBytesMax)
            .Int32(attached.Length)
            .Int32(environment.Length);
        foreach (ushort slot in grant.Evicted) writer.UInt16(slot);
        return writer.Bytes(attached).Bytes(environment).Bytes(arguments).End();
    }
}

/// <summary>Where a child finds, or is to keep, a compiled script.</summary>
internal readonly record struct SlotGrant(ushort Slot, bool SourceNeeded, IReadOnlyList<ushort> Evicted);
