using FaaS.Application.Messaging;
using FaaS.Domain;
using FaaS.Domain.Users;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>What a user has with the queue: jobs that wait and jobs that run, over all its generations.</summary>
/// <param name="User">The user's name; of one that the queue does not know, there is nothing.</param>
public sealed record DescribeUser(string User) : IRequest<Result<UserStanding>>;

internal sealed class DescribeUserValidator : AbstractValidator<DescribeUser>
{
    public DescribeUserValidator() => RuleFor(request => request.User).UserName();
}

internal sealed class DescribeUserHandler(QueueLoop loop) : IRequestHandler<DescribeUser, Result<UserStanding>>
{
    public async Task<Result<UserStanding>> Handle(DescribeUser request, CancellationToken cancellationToken) =>
        await loop.AskAsync<UserStanding>(
            (queue, reply, _) => reply.Reply(queue.DescribeUser(request.User)), cancellationToken).ConfigureAwait(false);
}
