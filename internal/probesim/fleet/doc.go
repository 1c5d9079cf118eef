// Package fleet lets the pods of one workload live together: requests come, pods fall ill, controllers replace them, and what one pod loses
// the others have to carry. Each pod is a [probesim.Pod]; this package adds what is around them.
//
// # Words
//
//   - capacity: the requests that one healthy pod answers in a second; all rates are multiples of it
//   - utilisation: offered requests as a share of the capacity of all wanted pods
//   - queue: requests that a pod has taken and not yet answered, as the seconds it needs for them (a fluid: no single requests)
//   - health path: how an endpoint answers. A shared one waits in the queue behind the requests, an isolated one does not
//   - goodput: the share of requests that was answered before the client gave up, on any of its tries
//   - endpoint: a pod that gets requests; readiness reaches whoever sends them one to three seconds later
//   - fault: the one thing that happens to the fleet; what it breaks by itself (a crash restarts a container) is demanded, the rest is extra
//   - cascade: restarts that go on after the fault, because they cause each other
//   - run: one seed; an answer is many runs, and says how sure it is
//
// Time advances in ticks of a quarter of a second, in which queues and endpoints change; pods have their own, exact instants between them.
//
// # Left out
//
// Scheduling and image pulls (a process runs one to three seconds after its pod comes), CPU that pods of one node take from each other, connections that outlive
// a request (HTTP/2, gRPC), meshes and load balancers with health checks of their own, dependencies that differ by pod.
package fleet
