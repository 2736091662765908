using FaaS.Benchmarks;
using FaaS.Benchmarks.Load;
using FaaS.Benchmarks.Comparison;

if (args.Length == 0)
{
    await Console.Error.WriteLineAsync("Verbs: load, micro, peers. See tests/Benchmarks/README.md.");
    return 2;
}

var rest = args[1..];
switch (args[0])
{
    case "load":
        return await LoadCommand.RunAsync(new Options(rest));
    case "peers":
        return await PeersCommand.RunAsync(new Options(rest));
    case "micro":
        BenchmarkDotNet.Running.BenchmarkSwitcher.FromAssembly(typeof(Options).Assembly).Run(rest);
        return 0;
    default:
        await Console.Error.WriteLineAsync($"No verb '{args[0]}'; there are load, micro and peers.");
        return 2;
}
