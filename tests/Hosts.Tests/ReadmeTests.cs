using System.Text.RegularExpressions;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests;

/// <summary>Runs the README's own commands, so that what a newcomer copies is what is tested.</summary>
[Collection(SharedDeploymentTests.Name)]
public sealed partial class ReadmeTests(SharedDeployment shared)
{
    private const string Placeholder = "<job id>";

    [Fact]
    public async Task Commands_OfTheReadme_AnswerWhatItSays()
    {
        var (answers, job) = (new List<Answer>(), "");
        foreach (var line in await File.ReadAllLinesAsync(Path.Combine(Repository.Root, "README.md")))
        {
            if (!line.StartsWith("    curl ", StringComparison.Ordinal)) continue;
            // A person is slower than the platform; a test has to wait.
            if (job.Length > 0) await shared.Client.ResultAsync(job);
            var (path, answer) = await RunAsync(line.Replace(Placeholder, job, StringComparison.Ordinal));
            answer.Error.Should().BeFalse("{0} answered {1}", line, answer.Body);
            if (path.EndsWith("/run", StringComparison.Ordinal)) job = answer.Res.GetString()!;
            if (path.EndsWith("/res", StringComparison.Ordinal)) answer.Res.GetString().Should().Be("11");
            if (path.EndsWith("/time", StringComparison.Ordinal)) answer.Res.GetInt64().Should().BeInRange(0, 2_000, "one short run, rounded down");
            answers.Add(answer);
        }

        answers.Should().HaveCountGreaterThan(6);
        answers[^1].Json.GetProperty("result").GetString().Should().Be("11");
    }

    private async Task<(string Path, Answer Answer)> RunAsync(string command)
    {
        var (method, body, headers, path) = (HttpMethod.Get, (StringContent?)null, new List<(string, string)>(), "");
        var words = Words().Matches(command).Select(match => match.Value.Trim('\'')).TakeWhile(word => word != "#").ToArray();
        for (var i = 1; i < words.Length; i++)
        {
            if (words[i] == "-X") method = new HttpMethod(words[++i]);
            else if (words[i] == "-d") body = new StringContent(words[++i]);
            else if (words[i] == "-H") headers.Add((words[++i].Split(": ")[0], words[i].Split(": ")[1]));
            else path = words[i]["localhost:8080".Length..];
        }
        return (path, await shared.Client.SendAsync(method, path, body, [.. headers]));
    }

    [GeneratedRegex("'[^']*'|\\S+")]
    private static partial Regex Words();
}
