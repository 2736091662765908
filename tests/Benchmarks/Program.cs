using FaaS.Benchmarks;
using FaaS.Benchmarks.Load;
using FaaS.Benchmarks.Comparison;
using FaaS.Benchmarks.Scaling;

if (args.Length == 0)
{
    await Console.Error.WriteLineAsync("Verbs: load, micro, peers, scaling, selftest. See tests/Benchmarks/README.md.");
    return 2;
}

var rest = args[1..];
try
{
    switch (args[0])
    {
        case "load":
            return await LoadCommand.RunAsync(new Options(rest));
        case "peers":
            return await PeersCommand.RunAsync(new Options(rest));
        case "scaling":
            return await ScalingCommand.RunAsync(new Options(rest));
        case "selftest":
            return await SelfTest.RunAsync();
        case "micro":
            BenchmarkDotNet.Running.BenchmarkSwitcher.FromAssembly(typeof(Options).Assembly).Run(rest);
            return 0;
        default:
            throw new ArgumentException($"No verb '{args[0]}'; there are load, micro, peers, scaling and selftest.");
    }
}
catch (ArgumentException wrong)
{
    await Console.Error.WriteLineAsync(wrong.Message);
    return 2;
}
catch (Exception failed) when (failed is IOException or InvalidDataException or InvalidOperationException or TimeoutException
    or System.Net.Sockets.SocketException)
{
    // A measurement that could not be made; what the platform or a peer wrote to stderr stands above.
    await Console.Error.WriteLineAsync(failed.ToString());
    return 1;
}
