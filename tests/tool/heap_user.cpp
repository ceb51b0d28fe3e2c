// SPDX-License-Identifier: LGPL-2.1-or-later
//
// heap_user HEAP [NAME KIB]...: opens the heap, allocates the blocks, says "ready", and keeps them
// until its input ends; a line "free" gives them back.
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include <mediaheap/heap.h>

int main(int argc, char** argv) {
    if (argc < 2)
        return 2;
    const auto heap = mediaheap::Heap::open(argv[1]);
    if (!heap) {
        std::cerr << heap.error().message() << "\n";
        return 1;
    }
    std::vector<mediaheap::Block> blocks;
    for (int n = 2; n + 1 < argc; n += 2) {
        mediaheap::AllocOptions options;
        options.name = argv[n];
        auto block = heap.value()->allocate(std::strtoul(argv[n + 1], nullptr, 10) * 1024, options);
        if (!block) {
            std::cerr << block.error().message() << "\n";
            return 1;
        }
        blocks.push_back(std::move(block).value());
    }
    std::cout << "ready" << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        if (line == "free")
            blocks.clear();
        std::cout << "done" << std::endl;
    }
    return 0;
}
