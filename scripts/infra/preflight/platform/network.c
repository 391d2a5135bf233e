/* The network of a task, for a program that knows nothing of it: loaded into it with LD_PRELOAD (see network_hook.py).
 *
 * PREFLIGHT_NETWORK="<kind> <own address> <network address> <port of the gate> <port of the name server>", kind being
 * "task" or "client". What it does, and nothing else:
 *   - names are resolved by the platform's name server, as those of a VPC are by its resolver;
 *   - a task that listens on all addresses, or on 127.0.0.1, listens on its own address; its 127.0.0.1 is itself;
 *   - a TCP connection leaves from the own address, after the gate was asked whether the security groups allow it and
 *     where its other end really listens; what is not allowed is refused.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GATE_MILLISECONDS 5000
#define GATE_ATTEMPTS 3
#define MOST_ADDRESSES 16

struct network {
    int known, is_task, gate_port, dns_port;
    struct in_addr own, network;
};

static const struct network *network(void) {
    static __thread struct network found;
    static __thread int asked;
    if (!asked) {
        const char *text = getenv("PREFLIGHT_NETWORK");
        char kind[8], own[16], address[16];
        asked = 1;
        if (text && sscanf(text, "%7s %15s %15s %d %d", kind, own, address, &found.gate_port, &found.dns_port) == 5) {
            found.known = 1;
            found.is_task = strcmp(kind, "task") == 0;
            inet_pton(AF_INET, own, &found.own);
            inet_pton(AF_INET, address, &found.network);
        }
    }
    return &found;
}

static int next_connect(int fd, const struct sockaddr *address, socklen_t length) {
    static int (*call)(int, const struct sockaddr *, socklen_t);
    if (!call) call = (int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "connect");
    return call(fd, address, length);
}

static int next_bind(int fd, const struct sockaddr *address, socklen_t length) {
    static int (*call)(int, const struct sockaddr *, socklen_t);
    if (!call) call = (int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "bind");
    return call(fd, address, length);
}

static int next_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    static int (*call)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    if (!call)
        call = (int (*)(const char *, const char *, const struct addrinfo *, struct addrinfo **))dlsym(RTLD_NEXT, "getaddrinfo");
    return call(node, service, hints, found);
}

static int is_stream(int fd) {
    int type = 0;
    socklen_t length = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM;
}

static int is_localhost(struct in_addr address) { return address.s_addr == htonl(INADDR_LOOPBACK); }

/* Asks the gate; 0 and the real end in `end`, or -1 and errno. */
static int ask_gate(const struct network *net, struct sockaddr_in *end) {
    struct sockaddr_in gate = {.sin_family = AF_INET, .sin_port = htons(net->gate_port), .sin_addr = net->network};
    char question[96], answer[96], own[16], to[16];
    int result = -1, reason = ECONNREFUSED;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    inet_ntop(AF_INET, &net->own, own, sizeof own);
    inet_ntop(AF_INET, &end->sin_addr, to, sizeof to);
    int size = snprintf(question, sizeof question, "%s %s %d", own, to, ntohs(end->sin_port));
    if (next_connect(fd, (struct sockaddr *)&gate, sizeof gate) == 0) {
        for (int attempt = 0; attempt < GATE_ATTEMPTS; attempt++) {
            struct pollfd waiting = {.fd = fd, .events = POLLIN};
            if (send(fd, question, size, 0) != size) break;
            if (poll(&waiting, 1, GATE_MILLISECONDS) == 1) {
                ssize_t got = recv(fd, answer, sizeof answer - 1, 0);
                int port;
                if (got <= 0) break;
                answer[got] = 0;
                if (sscanf(answer, "allow %15s %d", to, &port) == 2) {
                    inet_pton(AF_INET, to, &end->sin_addr);
                    end->sin_port = htons(port);
                    result = 0;
                }
                break;
            }
        }
    } else {
        reason = ENETUNREACH;
    }
    close(fd);
    if (result < 0) errno = reason;
    return result;
}

int connect(int fd, const struct sockaddr *address, socklen_t length) {
    const struct network *net = network();
    if (!net->known || !address || !is_stream(fd)) return next_connect(fd, address, length);
    struct sockaddr_in end;
    if (address->sa_family == AF_INET && length >= sizeof end) {
        memcpy(&end, address, sizeof end);
    } else if (address->sa_family == AF_INET6) {
        errno = ENETUNREACH; /* tasks have IPv4 addresses only, and so have the load balancers */
        return -1;
    } else {
        return next_connect(fd, address, length);
    }
    if (!net->is_task && is_localhost(end.sin_addr)) return next_connect(fd, address, length);
    if (is_localhost(end.sin_addr) || end.sin_addr.s_addr == htonl(INADDR_ANY)) end.sin_addr = net->own;
    if (end.sin_addr.s_addr != net->own.s_addr && ask_gate(net, &end) < 0) return -1;
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    if (getsockname(fd, (struct sockaddr *)&from, &size) == 0 && from.sin_port == 0 && from.sin_addr.s_addr == 0) {
        int late = 1; /* the port is chosen when the connection is known: two of them may share one */
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &late, sizeof late);
        from = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = net->own};
        if (next_bind(fd, (struct sockaddr *)&from, sizeof from) < 0) return -1;
    }
    return next_connect(fd, (struct sockaddr *)&end, sizeof end);
}

int bind(int fd, const struct sockaddr *address, socklen_t length) {
    const struct network *net = network();
    if (!net->known || !net->is_task || !address || !is_stream(fd)) return next_bind(fd, address, length);
    if (address->sa_family == AF_INET && length >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in own;
        memcpy(&own, address, sizeof own);
        if (own.sin_addr.s_addr == htonl(INADDR_ANY) || is_localhost(own.sin_addr)) own.sin_addr = net->own;
        return next_bind(fd, (struct sockaddr *)&own, sizeof own);
    }
    if (address->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 own;
        memcpy(&own, address, sizeof own);
        if (IN6_IS_ADDR_UNSPECIFIED(&own.sin6_addr) || IN6_IS_ADDR_LOOPBACK(&own.sin6_addr)) {
            int only = 0;
            setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
            memset(&own.sin6_addr, 0, 10);
            memset(own.sin6_addr.s6_addr + 10, 0xff, 2);
            memcpy(own.sin6_addr.s6_addr + 12, &net->own, 4);
        }
        return next_bind(fd, (struct sockaddr *)&own, sizeof own);
    }
    return next_bind(fd, address, length);
}

/* The addresses of a name; their number, or a negative getaddrinfo error. */
static int resolve(const struct network *net, const char *name, struct in_addr *addresses) {
    struct __res_state state;
    unsigned char answer[4096];
    ns_msg message;
    ns_rr record;
    int count = 0;
    memset(&state, 0, sizeof state);
    if (res_ninit(&state) < 0) return EAI_FAIL;
    state.nscount = 1;
    state.nsaddr_list[0] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(net->dns_port), .sin_addr = net->network};
    state.retrans = 3;
    state.retry = 3;
    int size = res_nquery(&state, name, C_IN, T_A, answer, sizeof answer);
    int reason = state.res_h_errno;
    res_nclose(&state);
    if (size < 0) return reason == TRY_AGAIN ? EAI_AGAIN : EAI_NONAME;
    if (ns_initparse(answer, size, &message) < 0) return EAI_FAIL;
    for (int index = 0; index < ns_msg_count(message, ns_s_an) && count < MOST_ADDRESSES; index++) {
        if (ns_parserr(&message, ns_s_an, index, &record) == 0 && ns_rr_type(record) == ns_t_a && ns_rr_rdlen(record) == 4)
            memcpy(&addresses[count++], ns_rr_rdata(record), 4);
    }
    return count ? count : EAI_NONAME;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    const struct network *net = network();
    struct in_addr numeric, addresses[MOST_ADDRESSES];
    struct in6_addr numeric6;
    if (!net->known || !node || !*node || strcmp(node, "localhost") == 0 || (hints && hints->ai_flags & AI_NUMERICHOST) ||
        inet_pton(AF_INET, node, &numeric) == 1 || inet_pton(AF_INET6, node, &numeric6) == 1)
        return next_getaddrinfo(node, service, hints, found);
    if (hints && hints->ai_family != AF_UNSPEC && hints->ai_family != AF_INET) return EAI_NONAME;
    int count = resolve(net, node, addresses);
    if (count < 0) return count;
    struct addrinfo wanted = hints ? *hints : (struct addrinfo){0};
    wanted.ai_family = AF_INET;
    wanted.ai_flags |= AI_NUMERICHOST;
    struct addrinfo **end = found;
    *found = NULL;
    for (int index = 0; index < count; index++) {
        char text[16];
        inet_ntop(AF_INET, &addresses[index], text, sizeof text);
        int failure = next_getaddrinfo(text, service, &wanted, end);
        if (failure) {
            if (*found) freeaddrinfo(*found);
            *found = NULL;
            return failure;
        }
        while (*end) end = &(*end)->ai_next;
    }
    return 0;
}
