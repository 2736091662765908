using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests;

/// <summary>Runs the README's own commands, so that what a newcomer copies is what is tested.</summary>
[Collection(SharedDeploymentTests.Name)]
public sealed class ReadmeTests(SharedDeployment shared)
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
            var command = CurlLine.Parse(line.Replace(Placeholder, job, StringComparison.Ordinal));
            var (path, answer) = (command.Path, await command.SendAsync(shared.Client));
            answer.Error.Should().BeFalse("{0} answered {1}", line, answer.Body);
            if (path.EndsWith("/run", StringComparison.Ordinal)) job = answer.Res.GetString()!;
            if (path.EndsWith("/res", StringComparison.Ordinal)) answer.Res.GetString().Should().Be("11");
            if (path.EndsWith("/time", StringComparison.Ordinal)) answer.Res.GetInt64().Should().BeInRange(0, 2_000, "one short run, rounded down");
            answers.Add(answer);
        }

        answers.Should().HaveCountGreaterThan(6);
        answers[^1].Json.GetProperty("result").GetString().Should().Be("11");
    }
}
