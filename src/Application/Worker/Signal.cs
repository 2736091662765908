using System.Threading.Channels;

namespace FaaS.Application.Worker;

/// <summary>Wakes one waiter; signals that come while nobody waits are one signal.</summary>
internal sealed class Signal
{
    private readonly Channel<bool> _signals = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public void Set() => _signals.Writer.TryWrite(true);

    public async Task WaitAsync(CancellationToken cancellation) =>
        await _signals.Reader.ReadAsync(cancellation).ConfigureAwait(false);
}
