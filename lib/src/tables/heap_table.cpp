// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tables/heap_table.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <map>
#include <mutex>
#include <sys/mman.h>

#include "base/error.h"
#include "base/fence.h"
#include "kernel/file_system.h"
#include "kernel/kernel.h"
#include "kernel/retry.h"
#include "tables/process_identity.h"
#include "tables/sweep.h"
#include "tables/table_name.h"

namespace mediaheap {

using namespace table;

namespace {

void store(uint32_t& to, uint32_t value) { __atomic_store_n(&to, value, __ATOMIC_RELAXED); }

/// Fills the whole field: no byte of what was there before stays behind the NUL.
template <size_t size> void copyText(char (&to)[size], const std::string& text) {
    std::memset(to, 0, size);
    std::memcpy(to, text.data(), std::min(text.size(), size - 1));
}

/// The files of this process. A program may end in order with heaps open, as one does that keeps
/// them in objects which are never destroyed: that is no crash, and leaves no table either.
class OpenFiles {
public:
    static OpenFiles& instance() {
        // Never destroyed: heaps are opened and closed while the program exits, too.
        static OpenFiles* const open = new OpenFiles;
        return *open;
    }

    void add(const void* table, FileSystem& files, int directory, const std::string& name) {
        const std::lock_guard lock(mutex_);
        files_[table] = {&files, directory, name, files.processId()};
    }
    void forget(const void* table) {
        const std::lock_guard lock(mutex_);
        files_.erase(table);
    }
    /// At the end of the process. Leaves those of the parent to it, and waits for nobody: in a
    /// forked child whoever has the lock may not be there.
    void removeAll() {
        const std::unique_lock lock(mutex_, std::try_to_lock);
        if (!lock)
            return;
        for (const auto& [table, file] : files_) {
            if (file.owner == file.files->processId())
                (void)file.files->removeAt(file.directory, file.name.c_str());
        }
    }

private:
    struct File {
        FileSystem* files;
        int directory;
        std::string name;
        pid_t owner;
    };

    std::mutex mutex_;
    std::map<const void*, File> files_;
};

__attribute__((destructor)) void removeFilesAtExit() { OpenFiles::instance().removeAll(); }

uint32_t nextNumber() {
    static std::atomic<uint32_t> last{0};
    return ++last;
}

} // namespace

/// Marks the table as changing for as long as it lives, and a slot with it.
class HeapTable::Change {
public:
    explicit Change(TableHeader& header, SlotRecord* slot = nullptr)
        : header_(header), slot_(slot) {
        store(header_.sequence, header_.sequence + 1);
        if (slot_)
            store(slot_->sequence, slot_->sequence + 1);
        orderStores();
    }
    ~Change() {
        orderStores();
        if (slot_)
            store(slot_->sequence, slot_->sequence + 1);
        store(header_.sequence, header_.sequence + 1);
    }
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

private:
    TableHeader& header_;
    SlotRecord* const slot_;
};

Result<std::unique_ptr<HeapTable>> HeapTable::create(Kernel& kernel, FileSystem& files,
                                                     const Facts& facts,
                                                     const std::vector<ZoneFacts>& zones) {
    Result<RuntimeDirectory> directory = RuntimeDirectory::open(files);
    if (!directory)
        return std::move(directory).error();
    const Result<ProcessIdentity> owner = identify(kernel, files.processId());
    if (!owner)
        return owner.error();
    sweep(kernel, files, directory.value(), crashedTablesKept);

    TableName name;
    name.pid = owner.value().pid;
    name.startTime = owner.value().startTime;
    name.pidNamespace = pidNamespace(files);
    name.number = nextNumber();
    const std::string text = name.text();
    const int opened = uninterrupted([&] {
        return files.openAt(directory->fd(), text.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
                            0600);
    });
    if (opened < 0)
        return makeError(-opened, "make " + directory->path() + "/" + text);

    std::unique_ptr<HeapTable> table(new HeapTable(kernel, files, std::move(directory).value(),
                                                   text, UniqueFd(opened), *name.number));
    if (Result<void> mapped = table->map(); !mapped)
        return std::move(mapped).error();
    TableHeader& header = table->header();
    header.pid = owner.value().pid;
    header.startTime = owner.value().startTime;
    header.pidNamespace = name.pidNamespace;
    copyText(header.process, owner.value().name);
    table->fillIn(facts, zones);
    return table;
}

HeapTable::HeapTable(Kernel& kernel, FileSystem& files, RuntimeDirectory directory,
                     std::string name, UniqueFd file, uint32_t number)
    : kernel_(kernel), files_(files), directory_(std::move(directory)), name_(std::move(name)),
      file_(std::move(file)), number_(number) {
    OpenFiles::instance().add(this, files_, directory_.fd(), name_);
}

HeapTable::~HeapTable() {
    if (isMine()) // else the lock may be held by a thread that was not inherited
        OpenFiles::instance().forget(this);
    if (memory_)
        (void)kernel_.unmap(memory_, largestFile);
    if (isMine())
        (void)files_.removeAt(directory_.fd(), name_.c_str());
}

Result<void> HeapTable::map() {
    // All of it at once, so that it never moves; what lies beyond the end of the file is not
    // touched before grow() has made room.
    if (const int grown = grow(); grown < 0)
        return makeError(-grown, "make room for the table " + directory_.path() + "/" + name_, {},
                         "free memory on that file system, or name another in "
                         "MEDIAHEAP_RUNTIME_DIR");
    void* memory = nullptr;
    const int mapped =
        kernel_.map(nullptr, largestFile, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), &memory);
    if (mapped < 0)
        return makeError(-mapped, "map the table " + directory_.path() + "/" + name_);
    memory_ = static_cast<char*>(memory);
    return {};
}

/// A store into a page of a full file system would end the program with SIGBUS, so each page is
/// made before.
int HeapTable::grow() {
    const uint32_t wanted = std::min(slotsBacked_ + slotsPerStep, slotCapacity);
    if (wanted == slotsBacked_)
        return -ENOSPC;
    const size_t size = slotsOffset + wanted * sizeof(SlotRecord);
    const int made = uninterrupted([&] { return kernel_.allocateRange(file_.get(), 0, 0, size); });
    if (made < 0)
        return made;
    for (Slot slot = slotsBacked_; slot < wanted; slot++)
        free_.push(slot);
    slotsBacked_ = wanted;
    return 0;
}

void HeapTable::fillIn(const Facts& facts, const std::vector<ZoneFacts>& zones) {
    TableHeader& header = this->header();
    header.version = version;
    header.byteOrder = byteOrder;
    header.wordBits = sizeof(void*) * 8;
    header.headerSize = sizeof(TableHeader);
    header.zoneSize = sizeof(ZoneRecord);
    header.slotSize = sizeof(SlotRecord);
    header.slotCapacity = slotCapacity;
    header.pageSize = kernel_.pageSize();
    header.number = number_;
    header.flags = facts.flags;
    header.created = std::time(nullptr);
    copyText(header.heap, facts.heap);
    header.zoneCount = static_cast<uint32_t>(std::min<size_t>(zones.size(), zoneCapacity));
    header.zonesUnlisted = static_cast<uint32_t>(zones.size() - header.zoneCount);
    for (uint32_t n = 0; n < header.zoneCount; n++) {
        copyText(zone(n).name, zones[n].name);
        zone(n).gfp = zones[n].gfp;
        zone(n).base = zones[n].base;
        zone(n).size = zones[n].size;
    }
    orderStores();
    std::memcpy(header.magic, magic, sizeof magic);
}

TableHeader& HeapTable::header() const noexcept { return *reinterpret_cast<TableHeader*>(memory_); }

ZoneRecord& HeapTable::zone(uint32_t number) const noexcept {
    return reinterpret_cast<ZoneRecord*>(memory_ + zonesOffset)[number];
}

SlotRecord& HeapTable::slot(Slot number) const noexcept {
    return reinterpret_cast<SlotRecord*>(memory_ + slotsOffset)[number];
}

HeapTable::Slot HeapTable::enter(const BlockFacts& block) {
    if (!isMine())
        return unlisted;
    TableHeader& header = this->header();
    const bool hasZone = block.zone < header.zoneCount;
    const bool listed = hasZone && (!free_.empty() || grow() == 0);
    const Slot number = listed ? free_.top() : unlisted;
    SlotRecord* const record = listed ? &slot(number) : nullptr;
    const Change change(header, record);
    if (hasZone) {
        ZoneRecord& zone = this->zone(block.zone);
        zone.used += block.size;
        zone.blocks++;
        zone.peak = std::max(zone.peak, zone.used);
    }
    if (!listed) {
        header.unlistedBlocks++;
        header.unlistedBytes += block.size;
        return unlisted;
    }
    free_.pop();
    header.slotsUsed = std::max(header.slotsUsed, number + 1);
    record->zone = block.zone;
    store(record->accesses, 0);
    record->address = block.address;
    record->size = block.size;
    record->kvirt = block.kvirt;
    record->flags = block.flags;
    copyText(record->name, block.name);
    record->state = static_cast<uint32_t>(block.state);
    return number;
}

void HeapTable::setState(Slot number, SlotState state) {
    if (!isMine() || number == unlisted)
        return;
    const Change change(header(), &slot(number));
    slot(number).state = static_cast<uint32_t>(state);
}

void HeapTable::setAddress(Slot number, uint64_t address) {
    if (!isMine() || number == unlisted || slot(number).address == address)
        return;
    const Change change(header(), &slot(number));
    slot(number).address = address;
}

void HeapTable::leave(Slot number, uint32_t zone, uint64_t size) {
    if (!isMine())
        return;
    TableHeader& header = this->header();
    const Change change(header, number == unlisted ? nullptr : &slot(number));
    if (zone < header.zoneCount) {
        this->zone(zone).used -= size;
        this->zone(zone).blocks--;
    }
    if (number == unlisted) {
        header.unlistedBlocks--;
        header.unlistedBytes -= size;
        return;
    }
    slot(number).state = static_cast<uint32_t>(SlotState::Free);
    free_.push(number);
}

void HeapTable::countAccess(Slot number, int change) noexcept {
    if (isMine() && number != unlisted)
        __atomic_add_fetch(&slot(number).accesses, static_cast<uint32_t>(change), __ATOMIC_RELAXED);
}

} // namespace mediaheap
