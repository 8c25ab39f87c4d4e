/* The floors that an extractor is held against. Usage: baseline walk|libpcap FILE
 *   walk     every record header of a pcap, bodies untouched, read(2) in pieces of 256 KiB
 *   libpcap  pcap_loop over the file with a callback that only counts
 * Prints packets and captured bytes. */
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PIECE_BYTES (256 * 1024)
#define FILE_HEADER_BYTES 24
#define RECORD_HEADER_BYTES 16

static uint64_t packets, bytes;

static int walk(const char *path) {
  /* A record header cut by the end of a piece is moved to the front of the next one. */
  static unsigned char buffer[RECORD_HEADER_BYTES + PIECE_BYTES];
  int file = open(path, O_RDONLY);
  if (file < 0) return 1;
  size_t skip = FILE_HEADER_BYTES, kept = 0;
  ssize_t got;
  while ((got = read(file, buffer + kept, PIECE_BYTES)) > 0) {
    size_t end = kept + (size_t)got, at = 0;
    kept = 0;
    for (;;) {
      if (skip >= end - at) {
        skip -= end - at;
        break;
      }
      at += skip;
      skip = 0;
      if (end - at < RECORD_HEADER_BYTES) {
        kept = end - at;
        memmove(buffer, buffer + at, kept);
        break;
      }
      uint32_t captured;
      memcpy(&captured, buffer + at + 8, 4);
      packets++;
      bytes += captured;
      at += RECORD_HEADER_BYTES;
      skip = captured;
    }
  }
  close(file);
  return got < 0;
}

static void count(u_char *user, const struct pcap_pkthdr *header, const u_char *data) {
  (void)user;
  (void)data;
  packets++;
  bytes += header->caplen;
}

static int loop(const char *path) {
  char error[PCAP_ERRBUF_SIZE];
  pcap_t *capture = pcap_open_offline(path, error);
  if (capture == NULL) return 1;
  int result = pcap_loop(capture, -1, count, NULL);
  pcap_close(capture);
  return result < 0;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  int failed = strcmp(argv[1], "libpcap") == 0 ? loop(argv[2]) : walk(argv[2]);
  if (failed) return 1;
  printf("%llu %llu\n", (unsigned long long)packets, (unsigned long long)bytes);
  return 0;
}
