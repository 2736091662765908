using System.Buffers.Text;
using FaaS.Infrastructure.Sandbox.Native;
using Microsoft.Win32.SafeHandles;

namespace FaaS.Infrastructure.Sandbox.Agent;

/// <summary>Reads what another process has used. A process that is gone reads as zero.</summary>
internal sealed class ProcessGauge : IDisposable
{
    private static readonly int PageBytes = Environment.SystemPageSize;

    private readonly SafeFileHandle? _statm;
    private readonly int _cpuClock;
    private readonly bool _hasCpuClock;

    public ProcessGauge(int process)
    {
        _hasCpuClock = Libc.GetCpuClock(process, out _cpuClock) == 0;
        try
        {
            _statm = File.OpenHandle($"/proc/{process}/statm");
        }
        catch (IOException)
        {
            _statm = null;
        }
    }

    /// <summary>CPU time of all its threads since its start.</summary>
    public TimeSpan Cpu() =>
        _hasCpuClock && Libc.GetTime(_cpuClock, out Libc.TimeSpec time) == 0 ? time.Elapsed : TimeSpan.Zero;

    /// <summary>Resident memory, the second field of statm, in bytes.</summary>
    public long ResidentBytes()
    {
        if (_statm is null) return 0;
        Span<byte> line = stackalloc byte[128];
        try
        {
            int length = RandomAccess.Read(_statm, line, 0);
            ReadOnlySpan<byte> fields = line[..length];
            int first = fields.IndexOf((byte)' ') + 1;
            return Utf8Parser.TryParse(fields[first..], out long pages, out _) ? pages * PageBytes : 0;
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            return 0;
        }
    }

    public void Dispose() => _statm?.Dispose();
}
